#!/bin/sh
# What make test-observability starts: Debian's Prometheus, Alertmanager, exporters, rsyslog, a mail server and
# sshd, VictoriaLogs, and OpenSearch. Installs what is missing and can be had; says what cannot, and the tests that need it
# are skipped. With the word metrics: Debian's packages alone.
set -u
cd "$(dirname "$0")/.."
own=$(pwd)/.cache/observability
victoria=v1.52.1
packages="prometheus prometheus-alertmanager prometheus-node-exporter prometheus-postgres-exporter prometheus-sql-exporter"

say() { echo "observability: $1"; }

missing=""
for name in $packages; do
    command -v "$name" >/dev/null 2>&1 || missing="$missing $name"
done
command -v envsubst >/dev/null 2>&1 || missing="$missing gettext-base"
command -v aiosmtpd >/dev/null 2>&1 || missing="$missing python3-aiosmtpd"
command -v openssl >/dev/null 2>&1 || missing="$missing openssl"
{ command -v rsyslogd && ls /usr/lib/*/rsyslog/omelasticsearch.so; } >/dev/null 2>&1 ||
    missing="$missing rsyslog rsyslog-elasticsearch"
{ [ -x /usr/sbin/sshd ] && command -v ssh && command -v rsync; } >/dev/null 2>&1 ||
    missing="$missing openssh-server openssh-client rsync"
if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        # No service is to be started by its package.
        policy=/usr/sbin/policy-rc.d
        [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && made=$policy; }
        # shellcheck disable=SC2086
        { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } \
            >/dev/null 2>&1 || say "not installed:$missing (apt-get install says why)"
        [ -z "${made:-}" ] || rm -f "$made"
    else
        say "not installed:$missing (needs root and apt-get)"
    fi
fi

[ "${1:-}" != metrics ] || exit 0

if [ ! -x "$own/victoria-logs" ]; then
    if command -v go >/dev/null 2>&1; then
        mkdir -p "$own"
        GOBIN="$own" GOFLAGS=-modcacherw \
            go install "github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs@$victoria" >/dev/null 2>&1 ||
            say "not installed: victoria-logs (go install says why)"
    else
        say "not installed: victoria-logs (needs Go)"
    fi
fi

if [ ! -d "$own/opensearch" ]; then
    if command -v mvn >/dev/null 2>&1 && command -v javac >/dev/null 2>&1; then
        mkdir -p "$own"
        part=$(mktemp -d "$own/part.XXXXXX")
        if mvn -B -q -f tests/deploy/live/opensearch/pom.xml dependency:copy-dependencies "-DoutputDirectory=$part" \
            >/dev/null 2>&1; then
            mv "$part" "$own/opensearch"
        else
            rm -rf "$part"
            say "not installed: OpenSearch (mvn -f tests/deploy/live/opensearch/pom.xml dependency:resolve says why)"
        fi
    else
        say "not installed: OpenSearch (needs Maven and Java 17 or newer)"
    fi
fi
