#!/bin/sh
# Brings an image into a cluster by the chart, and back:
#
#   release.sh deploy STAGE REPOSITORY@sha256:DIGEST [OPTIONS OF HELM]
#   release.sh rollback STAGE
#
# STAGE names a file of deploy/kubernetes/stages, or is the path of one. Needs helm, and KUBECONFIG or what else tells it
# the cluster. RELEASE (retail-inventory) and NAMESPACE (retail) say what is installed where, TIMEOUT (15m) how long pods may take
# to get ready; a release whose pods do not is taken back by itself. Exit codes: 0 it stands; 1 it does not, and what
# stood before does; 2 wrong usage.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
release=${RELEASE:-retail-inventory}
namespace=${NAMESPACE:-retail}
timeout=${TIMEOUT:-15m}
helm=${HELM:-helm}

usage() {
    sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
refuse() {
    echo "release.sh: $1" >&2
    exit 2
}

what=${1:-}
stage=${2:-}
[ -n "$stage" ] || usage
values=$stage
[ -f "$values" ] || values=$here/kubernetes/stages/$stage.yaml
[ -f "$values" ] || refuse "$stage: is no file, and none of deploy/kubernetes/stages"
command -v "$helm" >/dev/null 2>&1 || refuse "helm is not installed; scripts/deploy_tools.sh helm installs it"

case $what in
deploy)
    image=${3:-}
    repository=${image%@*}
    digest=${image#*@}
    case $image in *@sha256:*) ;; *) refuse "${image:-no image}: give it by its digest, REPOSITORY@sha256:DIGEST; a tag may move" ;; esac
    shift 3
    "$helm" upgrade --install "$release" "$here/kubernetes/retail-inventory" --namespace "$namespace" \
        --values "$values" --set-string "image.repository=$repository" --set-string "image.digest=$digest" \
        --rollback-on-failure --timeout "$timeout" --history-max 10 "$@" || exit 1
    ;;
rollback)
    "$helm" rollback "$release" --namespace "$namespace" --wait --timeout "$timeout" || exit 1
    ;;
*) usage ;;
esac
