#!/bin/sh
# The jars of Flink and of Beam's job server, by Maven, into .cache/flink/lib; needs java and mvn, 150 MB.
#
#   fetch.sh          each jar is the one that jars.sha256 pins, or nothing is kept
#   fetch.sh --pin    writes jars.sha256 anew, after a change of pom.xml
#
# Where they cannot be had, that is said, and the tests that need them are skipped.
set -u
here=$(cd "$(dirname "$0")" && pwd)
own=$(cd "$here/../.." && pwd)/.cache/flink
pins=$here/jars.sha256

say() { echo "flink: $1"; }

# all_pinned FOLDER: it holds the pinned jars and no others.
all_pinned() {
    (cd "$1" && sha256sum --check --strict --quiet "$pins") && [ "$(ls "$1" | wc -l)" = "$(wc -l <"$pins")" ]
}

[ "${1:-}" = --pin ] || ! all_pinned "$own/lib" 2>/dev/null >&2 || exit 0
for program in java mvn; do
    command -v "$program" >/dev/null 2>&1 || {
        say "not fetched: needs $program"
        exit 0
    }
done
mkdir -p "$own"
part=$(mktemp -d "$own/part.XXXXXX")
trap 'rm -rf "$part"' EXIT
mvn --batch-mode --quiet --file "$here/pom.xml" dependency:copy-dependencies "-DoutputDirectory=$part/lib" \
    >"$own/fetch.log" 2>&1 || {
    say "not fetched: .cache/flink/fetch.log says why"
    exit 0
}
if [ "${1:-}" = --pin ]; then
    (cd "$part/lib" && sha256sum -- *.jar) >"$pins"
elif ! all_pinned "$part/lib" >>"$own/fetch.log" 2>&1; then
    say "not kept: other jars than were pinned, .cache/flink/fetch.log says which"
    exit 1
fi
rm -rf "$own/lib"
mv "$part/lib" "$own/lib"
