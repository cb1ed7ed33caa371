#!/bin/sh
# Takes a blessed pair to where it serves: a folder here or mounted, or another host by rsync over ssh. Checks every file
# there, waits until the service answers with that version, and goes back by itself where it does not.
set -eu

usage() {
    cat <<END
usage: deploy_model.sh --workspace DIR --target PLACE (--service URL | --no-service) [options]

  --workspace DIR    that has the pair
  --target PLACE     folder that holds serving/: DIR here or on a mounted volume, or HOST:DIR by ssh
  --version N        a kept version; the one that serves in the workspace, if unset
  --alias NAME       the pair that the registry calls so, such as champion, instead of --version
  --service URL      of the service that reads PLACE, such as http://127.0.0.1:8501 (TensorFlow Serving's REST API, too)
  --no-service       nothing answers there yet: the files are checked, and that is all
  --token-file FILE  with the token that the service asks for
  --seconds N        the service may take so long to answer with the version (120)
  --ssh COMMAND      instead of "ssh -o BatchMode=yes", such as "ssh -p 2222 -i key"
  --reason TEXT      why; in the history there
  --dry-run          says what would be done, and changes nothing
  --help

Exit codes: 0 the version serves there (or would); 1 it does not, what served before serves on; 2 wrong usage.
END
}

wrong() {
    echo "deploy_model.sh: $1" >&2
    [ -n "${2:-}" ] || usage >&2
    exit 2
}

workspace="" target="" version="" alias="" service="" no_service=0 token_file="" seconds=120 reason="" dry=0
ssh="ssh -o BatchMode=yes"
while [ $# -gt 0 ]; do
    case $1 in
    --help) usage && exit 0 ;;
    --no-service) no_service=1 && shift && continue ;;
    --dry-run) dry=1 && shift && continue ;;
    --workspace | --target | --version | --alias | --service | --token-file | --seconds | --ssh | --reason) ;;
    *) wrong "$1 is no option" ;;
    esac
    [ $# -gt 1 ] || wrong "$1 wants a value"
    case $1 in
    --version | --seconds) case $2 in "" | *[!0-9]*) wrong "$1 wants a whole number" ;; esac ;;
    esac
    case $1 in
    --workspace) workspace=$2 ;;
    --target) target=$2 ;;
    --version) version=$2 ;;
    --alias) alias=$2 ;;
    --service) service=${2%/} ;;
    --token-file) token_file=$2 ;;
    --seconds) seconds=$2 ;;
    --ssh) ssh=$2 ;;
    --reason) reason=$2 ;;
    esac
    shift 2
done
[ -n "$workspace" ] || wrong "--workspace is missing"
[ -d "$workspace" ] || wrong "$workspace is no folder"
[ -n "$target" ] || wrong "--target is missing"
[ -z "$version" ] || [ -z "$alias" ] || wrong "--version and --alias exclude each other"
[ -n "$service" ] || [ "$no_service" = 1 ] || wrong "--service is missing; --no-service where nothing answers yet"
[ -z "$service" ] || [ "$no_service" = 0 ] || wrong "--service and --no-service exclude each other"
[ -z "$token_file" ] || [ -r "$token_file" ] || wrong "$token_file cannot be read"
host="" folder=$target
case $target in
[!./]*:*)
    host=${target%%:*} folder=${target#*:}
    # They become words of a command on the other side.
    case $host in -* | *[!A-Za-z0-9@._-]*) wrong "$host is no host" ;; esac
    case $folder in "" | -* | *[!A-Za-z0-9@._/+-]*) wrong "$folder: the folder on a host has letters, digits and @._/+- only" ;; esac
    command -v rsync >/dev/null 2>&1 || wrong "rsync is not installed" quietly
    ;;
esac

bin=$(cd "$(dirname "$0")/../.." && pwd)/.venv/bin
product=$bin/retail-inventory
[ -x "$product" ] || wrong "$product is not there; call 'make setup' first" quietly

fail() {
    echo "deploy_model.sh: $1" >&2
    exit 1
}

# state FIELD: what pair.json there says; nothing where it says nothing.
state() {
    "$bin/python" -c 'import json, sys
try:
    print(json.load(sys.stdin)[sys.argv[1]] or "")
except ValueError:
    pass' "$1"
}

if [ -n "$alias" ]; then
    version=$("$product" registry show --workspace "$workspace" --json | "$bin/python" -c 'import json, sys
found = json.load(sys.stdin)["registry"]
pairs = {(by.get(sys.argv[1]) or {}).get("pair") for by in found.values()}
print(pairs.pop() or "" if len(pairs) == 1 else "")' "$alias") || exit $?
    [ -n "$version" ] || wrong "the registry's models name no one pair $alias; see 'retail-inventory registry show'" quietly
fi
# Every file is compared with what was pushed.
version=$("$product" take --check --source "$workspace" --workspace "$workspace" ${version:+--version "$version"}) || exit $?

# On a host the product need not be installed: its directory is mirrored, changed here, and put back, the link last.
mirror=$folder
if [ -n "$host" ]; then
    name=$(printf '%s' "$target" | tr -c 'A-Za-z0-9._-' '_')
    mirror=$workspace/targets/$name
fi

there() { $ssh "$host" "$1"; }

current_there() { there "readlink '$folder/serving/current' 2>/dev/null || :"; }

if [ -n "$host" ]; then
    shown=$(there "cat '$folder/serving/pair.json' 2>/dev/null || :") || fail "$host cannot be reached by '$ssh'"
else
    shown=$(cat "$folder/serving/pair.json" 2>/dev/null || :)
fi
before=$(printf '%s' "$shown" | state stable)
echo "pair $version to $target, where ${before:-no pair} serves"
if [ "$dry" = 1 ]; then
    echo "dry run: nothing was changed"
    exit 0
fi

fetch() {
    mkdir -p "$mirror/serving"
    seen=$(current_there) || fail "$host cannot be reached"
    there "mkdir -p '$folder/serving'" || fail "$host: $folder cannot be made"
    rsync -a --delete --exclude='/.draft-*' --exclude=/.lock -e "$ssh" "$host:$folder/serving/" "$mirror/serving/" ||
        fail "$host: $folder/serving cannot be fetched"
}

# What the mirror says is put there: files, then states, and when the sums are right the one link, if it is as it was seen.
put_back() {
    next=$(readlink "$mirror/serving/current")
    pair=$1
    rsync -a --checksum -e "$ssh" "$mirror/serving/.pairs" "$mirror/serving/.states" "$host:$folder/serving/" &&
        rsync -a --exclude=/current --exclude=/.lock --exclude=/.pairs --exclude=/.states --exclude='/.draft-*' -e "$ssh" \
            "$mirror/serving/" "$host:$folder/serving/" || return 1
    "$bin/python" -c 'import json, sys
for name, of in json.load(open(sys.argv[1]))["files"].items():
    print(of["sha256"] + "  " + name)' "$mirror/serving/.pairs/$pair/manifest.json" |
        there "cd '$folder/serving/.pairs/$pair' && sha256sum -c --quiet -" || return 1
    there "cd '$folder/serving' && test \"\$(readlink current 2>/dev/null || :)\" = '$seen' &&
        ln -s '$next' .current.new && mv -T .current.new current" || return 1
    seen=$next
}

# answers VERSION: whether the newest version that answers of both models is this one.
answers() {
    "$bin/python" - "$service" "$1" "$token_file" <<'END'
import json, sys, urllib.request

from contracts.models import MODELS

address, version, token_file = sys.argv[1:]
for model in MODELS:
    request = urllib.request.Request(f"{address}/v1/models/{model}")
    if token_file:
        request.add_header("Authorization", "Bearer " + open(token_file).read().strip())
    try:
        with urllib.request.urlopen(request, timeout=5) as reply:
            found = json.load(reply)["model_version_status"]
    except (OSError, ValueError, KeyError) as error:
        print(f"{address}: {model}: {error}")
        sys.exit(1)
    there = max((int(one["version"]) for one in found if one["state"] == "AVAILABLE"), default=None)
    if there != int(version):
        print(f"{address}: {model}: version {there} answers")
        sys.exit(1)
END
}

wait_for() {
    [ -n "$service" ] || return 0
    until=$(($(date +%s) + seconds))
    while ! said=$(answers "$1"); do
        [ "$(date +%s)" -lt "$until" ] || return 1
        sleep 1
    done
}

back() {
    echo "deploy_model.sh: $1" >&2
    [ -n "$before" ] || fail "nothing served there before, so there is nothing to go back to; see to the service"
    [ "$before" != "$version" ] || fail "it served before, so there is nothing to go back to; see to the service"
    "$product" rollback --workspace "$mirror" --to "$before" --reason "version $version did not answer" >/dev/null ||
        fail "and version $before cannot be brought back; do so by hand"
    [ -z "$host" ] || put_back "$before" || fail "and version $before could not be put back there; do so by hand"
    wait_for "$before" || fail "rolled back to version $before, which does not answer either: $said"
    fail "rolled back: version $before serves"
}

[ -z "$host" ] || fetch
"$product" take --source "$workspace" --version "$version" --workspace "$mirror" --reason "$reason" || exit $?
if [ -n "$host" ] && ! put_back "$version"; then
    fail "$host: the pair could not be put there whole, or the directory was changed meanwhile; ${before:-no pair} serves on"
fi
wait_for "$version" || back "version $version does not answer within $seconds s: $said"
if [ -n "$host" ]; then
    # Only now: until here, what served before may have been needed.
    rsync -a --delete -e "$ssh" "$mirror/serving/.pairs" "$mirror/serving/.states" "$host:$folder/serving/" ||
        echo "deploy_model.sh: what is no longer kept could not be removed from $host" >&2
fi
[ -z "$service" ] && echo "pair $version is there, and was checked" || echo "pair $version serves at $service"
