#!/bin/sh
# Builds dashboards and alert rules from their code, checks them, and sends them to a Grafana by its HTTP API.
#   GRAFANA_TOKEN=... sh deploy/scripts/update_dashboard.sh --url https://grafana.example.com [--dry-run]
# --help lists everything. Exit codes: 0 all is there; 1 the check failed, or Grafana refused; 2 wrong usage.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
here=$(pwd)
cd "$root"
python=$root/.venv-grafana/bin/python
[ -x "$python" ] || sh scripts/setup.sh --venv .venv-grafana --requirements grafana/requirements.lock \
    --pythons 3.13,3.12,3.11 >&2
built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
"$python" -m grafana --folder "$built" >/dev/null
"$python" -m grafana --folder "$built" --check
cd "$here"
PYTHONPATH=$root "$python" -m grafana.sending --folder "$built" "$@"
