#!/bin/sh
# One process of a Flink cluster, in the foreground, from the jars that fetch.sh got.
#
#   start.sh jobmanager  [-D SETTING=VALUE]...    settings of Flink, before those of flink-conf.yaml
#   start.sh taskmanager [-D SETTING=VALUE]...
#   start.sh job-server FOLDER                    Beam's job server on port 8099; FOLDER: for what is sent to it
#
# Neither Flink nor Beam asks who comes, and the job server listens on all addresses of its machine: whoever reaches them
# runs code there. So the job server starts only where there is loopback alone, as in a network namespace of its own, or
# with EXPOSED=yes, for a network that holds nobody else.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
lib=$(cd "$here/../.." && pwd)/.cache/flink/lib
[ -d "$lib" ] || {
    echo "flink: $lib is not there; call deploy/flink/fetch.sh first" >&2
    exit 2
}

# What Flink and its serializers reach into from Java 17 on.
opened=
for package in java.lang java.lang.reflect java.net java.io java.nio java.text java.time java.util \
    java.util.concurrent java.util.concurrent.atomic java.util.concurrent.locks sun.nio.ch; do
    opened="$opened --add-opens=java.base/$package=ALL-UNNAMED"
done
opened="$opened --add-exports=java.base/sun.net.util=ALL-UNNAMED"

# java_of MEMORY CLASS ARGUMENT...
java_of() {
    memory=$1
    shift
    # shellcheck disable=SC2086
    exec java $opened $memory "-Djava.util.logging.config.file=$here/logging.properties" -cp "$lib/*" "$@"
}

kind=${1:-}
[ -z "$kind" ] || shift
case $kind in
jobmanager)
    java_of -Xmx1g org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint --configDir "$here" "$@"
    ;;
taskmanager)
    # As flink-conf.yaml has them: heap, and network, managed and off-heap memory.
    java_of "-Xmx640m -XX:MaxDirectMemorySize=1500m" org.apache.flink.runtime.taskexecutor.TaskManagerRunner \
        --configDir "$here" "$@"
    ;;
job-server)
    # In the kernel's table of this network namespace, behind two lines of titles.
    [ "${EXPOSED:-}" = yes ] || ! tail -n +3 /proc/net/dev | grep -qv '^ *lo:' || {
        echo "flink: this machine has more than loopback, and the job server would listen on all of it; see the top of $0" >&2
        exit 2
    }
    # Beam sends every jar of this class path with each job, 150 MB for each TaskManager, but those that lie in a folder
    # of this name: and the cluster has them all.
    unsent=$lib.unsent/gradle/wrapper
    [ "$unsent" -nt "$lib" ] || {
        rm -rf "$lib.unsent"
        mkdir -p "$unsent"
        ln "$lib"/*.jar "$unsent"
    }
    lib=$unsent
    java_of -Xmx1g org.apache.beam.runners.flink.FlinkJobServerDriver --job-host=localhost --job-port=8099 \
        --artifact-port=8098 --expansion-port=-1 --flink-conf-dir="$here" --artifacts-dir="${1:?a folder}"
    ;;
*)
    sed -n '2,10p' "$0" | cut -c3-
    exit 2
    ;;
esac
