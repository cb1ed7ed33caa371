#!/bin/sh
# Runs this checkout on the newer stack: a Debian 13 root (glibc 2.41, Python 3.13) beside whatever system is here.
#
#   newer_stack.sh all      every test, then the sample pipeline
#   newer_stack.sh fast     the quick tests, then the sample pipeline
#   newer_stack.sh run CMD  one command line, in the copied checkout
#   newer_stack.sh remove   deletes the root
#
# Exit code 77: it cannot run on this machine; the reason was printed.
set -eu
repository=$(cd "$(dirname "$0")/.." && pwd)
root=$repository/.cache/debian13
source_folder=/src/retail-inventory
packages=python3,python3-venv,python3-dev,g++,make,ca-certificates

skip() {
    echo "newer stack: skipped: $1"
    exit 77
}

say() { echo "newer stack: $1"; }

check_machine() {
    [ "$(id -u)" = 0 ] || skip "making a Debian root needs root, and this is user $(id -un)"
    for tool in debootstrap chroot unshare mount flock git; do
        command -v "$tool" >/dev/null 2>&1 || skip "$tool is not installed"
    done
    git -C "$repository" -c safe.directory='*' rev-parse --git-dir >/dev/null 2>&1 ||
        skip "only a git checkout can be copied, and $repository is none"
    [ "$(uname -m)" = x86_64 ] || skip "TFX's wheels are for x86_64, and this is $(uname -m)"
    unshare --mount --pid --fork mount -t tmpfs none /tmp 2>/dev/null || skip "mounting is not permitted here"
}

make_root() {
    [ -f "$root/.complete" ] && [ "$(cat "$root/.complete")" = "$packages" ] && return
    say "making a Debian 13 root (a minute or so)"
    rm -rf --one-file-system "$root" "$root.part"
    mkdir -p "$root.part"
    # DEBIAN_MIRROR, if set, replaces debootstrap's own default.
    debootstrap --variant=minbase --include="$packages" trixie "$root.part" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} \
        >"$root.log" 2>&1 || {
        tail -n 20 "$root.log"
        say "debootstrap failed; its whole output is in $root.log"
        exit 1
    }
    printf '%s' "$packages" >"$root.part/.complete"
    mv "$root.part" "$root"
}

# The host's way to its package index works inside too: names, certificates and pip's and uv's own files.
copy_settings() {
    for file in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/uv/uv.toml "${PIP_CONFIG_FILE:-}" "${UV_CONFIG_FILE:-}" \
        "${SSL_CERT_FILE:-}" "${PIP_CERT:-}" "${REQUESTS_CA_BUNDLE:-}" "${CURL_CA_BUNDLE:-}"; do
        if [ -f "$file" ]; then
            mkdir -p "$root$(dirname "$file")"
            cp -L --remove-destination "$file" "$root$file"
        fi
    done
    for file in .config/pip/pip.conf .pip/pip.conf .config/uv/uv.toml .netrc; do
        if [ -n "${HOME:-}" ] && [ -f "$HOME/$file" ]; then
            mkdir -p "$(dirname "$root/root/$file")"
            cp -L "$HOME/$file" "$root/root/$file"
        fi
    done
}

# Copied, not bound: nothing that runs inside can touch the checkout. The environment made inside is kept.
copy_checkout() {
    target=$root$source_folder
    mkdir -p "$target"
    find "$target" -mindepth 1 -maxdepth 1 ! -name '.venv*' ! -name .cache -exec rm -rf {} +
    find "$root/tmp" -mindepth 1 -maxdepth 1 -exec rm -rf {} +
    cd "$repository"
    git -c safe.directory='*' ls-files -z --cached --others --exclude-standard |
        xargs -0 sh -c 'for file; do [ -e "$file" ] && printf "%s\0" "$file"; done; :' sh |
        tar --null --files-from=- -cf - | tar -xf - -C "$target"
}

# Leaves of the environment only what pip and uv need to reach their index; the host's paths mean nothing inside.
clean_environment() {
    for name in $(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p'); do
        case $name in
        *_CACHE_DIR | *_FIND_LINKS | *_PYTHON | *_INSTALL_DIR | *_BIN_DIR | UV_PROJECT* | UV_TOOL* | UV_SYSTEM_PYTHON | \
            PIP_TARGET | PIP_PREFIX | PIP_USER | PIP_LOG) unset "$name" ;;
        UV_* | PIP_* | SSL_CERT_FILE | REQUESTS_CA_BUNDLE | CURL_CA_BUNDLE | CI | TERM | LANG) ;;
        http_proxy | https_proxy | no_proxy | all_proxy | HTTP_PROXY | HTTPS_PROXY | NO_PROXY | ALL_PROXY) ;;
        *) unset "$name" 2>/dev/null || : ;;
        esac
    done
    export HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
}

# In a mount and process namespace of its own: what is mounted here ends with the last process, however that ends.
inside() {
    root=$1
    shared=$2
    commands=$3
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    if [ -d "$shared" ]; then
        mkdir -p "$root/src/shared"
        mount --bind "$shared" "$root/src/shared"
        mount -o remount,bind,ro "$root/src/shared"
    fi
    clean_environment
    exec chroot "$root" /bin/sh -euc "cd $source_folder; $commands"
}

enter() {
    shared=$(dirname "$repository")/shared
    unshare --mount --pid --fork --kill-child -- sh "$0" inside "$root" "$shared" "$1"
}

sample='make run; test "$(ls -d workspace/serving/*/[0-9]*/saved_model.pb | wc -l)" -ge 2'

case ${1:-} in
inside)
    shift
    inside "$@"
    ;;
all) commands="make setup; make test; $sample" ;;
fast) commands="make setup; make test-fast; $sample" ;;
run)
    shift
    commands="$*"
    ;;
remove)
    rm -rf --one-file-system "$root" "$root.part" "$root.log"
    exit 0
    ;;
*)
    sed -n '2,9s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac

check_machine
mkdir -p "$repository/.cache"
exec 9>"$root.lock"
flock 9
make_root
copy_settings
copy_checkout
started=$(date +%s)
enter "$commands"
say "done in $(($(date +%s) - started)) s"
