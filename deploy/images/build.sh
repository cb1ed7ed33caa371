#!/bin/sh
# Builds images from the last commit by buildah, without a daemon:
#
#   build.sh [product|airflow]...      both if none is named
#
# PREFIX (localhost) and TAG (the product's version) name them: PREFIX/retail-inventory:TAG, PREFIX/retail-inventory-airflow:TAG.
# BASE replaces the base image; BASE=debootstrap makes one of Debian's packages, where no registry is reached.
# Beside them it writes what each holds, as CycloneDX JSON, into .cache/images/ where syft is (scripts/deploy_tools.sh).
set -eu
repository=$(cd "$(dirname "$0")/../.." && pwd)
cd "$repository"
prefix=${PREFIX:-localhost}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
tag=${TAG:-$version}
made=$repository/.cache/images
syft=$repository/.venv-deploy/bin/syft
# Root in a container may not make the namespaces that buildah's own default wants.
[ -n "${BUILDAH_ISOLATION:-}" ] || [ "$(id -u)" != 0 ] || export BUILDAH_ISOLATION=chroot

say() { echo "images: $1"; }
fail() {
    echo "images: $1" >&2
    exit 2
}

command -v buildah >/dev/null 2>&1 || fail "buildah is not installed; on Debian: apt install buildah"
revision=$(git rev-parse --verify -q HEAD) || fail "only a git checkout can be built"
[ -z "$(git status --porcelain)" ] || say "what is not committed is not in the images"
[ $# -gt 0 ] || set -- product airflow
for image; do
    case $image in product | airflow) ;; *) fail "$image: is none of product, airflow" ;; esac
done
mkdir -p "$made"
work=$(mktemp -d "$made/build.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT

# Debian's own packages, as its slim image has them; whoever reaches a registry takes that one.
bootstrap() {
    ! buildah inspect --type image "$base" >/dev/null 2>&1 || return 0
    command -v debootstrap >/dev/null 2>&1 || fail "debootstrap is not installed; on Debian: apt install debootstrap"
    say "making a base of Debian's packages"
    debootstrap --variant=minbase trixie "$work/root" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} >"$made/base.log" 2>&1 ||
        fail "debootstrap failed; .cache/images/base.log says why"
    rm -rf "$work"/root/var/cache/apt/archives/*.deb "$work"/root/var/lib/apt/lists/*
    container=$(buildah from scratch)
    buildah add -q "$container" "$work/root" / >/dev/null
    buildah config --cmd /bin/bash "$container"
    buildah commit -q --rm "$container" "$base" >/dev/null
}

# The site's own way to its package index, for the build alone: none of it is kept.
site() {
    for name in SSL_CERT_FILE PIP_CERT; do
        eval "value=\${$name:-}"
        # Not at its own place: Debian's package of certificates writes there.
        [ ! -f "$value" ] || printf ' --build-arg=%s=/run/site/%s --volume=%s:/run/site/%s:ro' "$name" "$name" "$value" "$name"
    done
    for name in PIP_INDEX_URL UV_DEFAULT_INDEX; do
        eval "value=\${$name:-}"
        [ -z "$value" ] || printf ' --build-arg=%s=%s' "$name" "$value"
    done
}

list_contents() {
    [ -x "$syft" ] || {
        say "$1: no list of its contents, since syft is not installed"
        return 0
    }
    container=$(buildah from --pull-never "$1")
    SYFT_CHECK_FOR_APP_UPDATE=false "$syft" scan -q "dir:$(buildah mount "$container")" \
        --source-name "${1%:*}" --source-version "$tag" \
        --override-default-catalogers dpkg-db-cataloger,python-installed-package-cataloger \
        --output "cyclonedx-json=$made/$2.cdx.json"
    buildah rm "$container" >/dev/null
    say "$1: contents in .cache/images/$2.cdx.json"
}

build() {
    made_of=$(buildah inspect --type image \
        --format '{{index .Docker.Config.Labels "org.opencontainers.image.revision"}}' "$1" 2>/dev/null || :)
    if [ "$made_of" = "$revision" ]; then
        say "$1: is of this commit already; to build it anew, remove it"
        return 0
    fi
    say "$1: being built, some minutes"
    # shellcheck disable=SC2046
    buildah build --format docker --layers --timestamp "$(git log -1 --format=%ct)" ${base:+--pull-never "--build-arg=BASE=$base"} \
        $(site) --build-arg "VERSION=$version" --build-arg "REVISION=$revision" \
        --file "$work/context/deploy/images/$2" --tag "$1" "$work/context" >"$made/$3.log" 2>&1 || {
        tail -n 30 "$made/$3.log" >&2
        echo "images: $1: not built; the whole output is in .cache/images/$3.log" >&2
        exit 1
    }
    say "$1: $(buildah images --format '{{.Size}}' "$1")"
    list_contents "$1" "$3"
}

base=${BASE:-}
if [ "$base" = debootstrap ]; then
    base=localhost/debian:trixie-bootstrapped
    bootstrap
fi
mkdir "$work/context"
git archive HEAD | tar -xf - -C "$work/context"
for image; do
    case $image in
    product) build "$prefix/retail-inventory:$tag" Containerfile product ;;
    airflow) build "$prefix/retail-inventory-airflow:$tag" airflow.Containerfile airflow ;;
    esac
done
