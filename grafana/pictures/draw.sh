#!/bin/sh
# Draws the dashboards of a workspace, or those of a Prometheus, as Grafana's own libraries show them, and looks for what
# a reader would trip over.
set -eu

if [ "$#" -lt 2 ] || [ "$1" = "--help" ]; then
    cat <<'TEXT'
usage: sh grafana/pictures/draw.sh WORKSPACE OUT [--width PIXELS] [--may-be-empty] [--choose BOARD.NAME=VALUE ...]
       sh grafana/pictures/draw.sh http://HOST:PORT OUT [--width PIXELS] [--may-be-empty] [--minutes N]

  WORKSPACE       its database has to run: retail-inventory database start --workspace WORKSPACE
  http://...      of a Prometheus: draws the dashboards on metrics
  OUT             folder of the pictures, a .webp a dashboard
  --width         of the page; 1366 unless given
  --may-be-empty  panels without data are no fault, as on the first day
  --minutes       of metrics that are drawn, until now; a day unless given
  --choose        a value of a variable of a dashboard, such as retail-product.store=S01

Exit codes: 0 all is well; 1 a title is cut, a table is wider than its panel, a panel is empty, what is not known is
red, or a query failed; 2 wrong usage, or Node 20, chromium or the network for the libraries is missing.
TEXT
    [ "${1:-}" = "--help" ] && exit 0
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
home=${PICTURES_HOME:-$here/../../.cache/pictures}
for program in node npm chromium; do
    command -v "$program" >/dev/null || { echo "draw: $program is missing; install it, then try again" >&2; exit 2; }
done
mkdir -p "$home"
home=$(cd "$home" && pwd)
cmp -s "$here/package.json" "$home/package.json" || rm -rf "$home/node_modules"
cp "$here"/package.json "$here"/*.mjs "$here"/*.jsx "$home"
if [ ! -d "$home/node_modules/@grafana/ui" ]; then
    echo "draw: installing Grafana's libraries (some 400 MB) into $home"
    (cd "$home" && npm install --silent --no-audit --no-fund --ignore-scripts --legacy-peer-deps --no-package-lock) >&2 ||
        { echo "draw: npm could not install them; see above" >&2; exit 2; }
fi
case $1 in
http://* | https://*) source=--prometheus=$1 ;;
*) source=--workspace=$(cd "$1" && pwd) ;;
esac
mkdir -p "$2"
out=$(cd "$2" && pwd)
shift 2
boards=$(cd "$here/../dashboards" && pwd)
cd "$home"
exec node draw.mjs --chromium "$(command -v chromium)" --boards "$boards" "$source" --out "$out" "$@"
