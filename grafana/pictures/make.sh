#!/bin/sh
# Makes a workspace of the first day and one with a month behind it, draws the dashboards of both, and keeps the month's
# pictures in docs/dashboards/. Some thirty minutes; exit code 1 where a reader would trip over something.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
home=$root/.cache/dashboards
product=$root/.venv/bin/retail-inventory
rm -rf "$home"
mkdir -p "$home"
cd "$root"

drawn() {
    workspace=$1
    shift
    "$product" database start --workspace "$workspace" >/dev/null
    code=0
    sh "$here/draw.sh" "$workspace" "$@" || code=$?
    # Whoever finds nothing may be looking at nothing.
    PICTURES_WORKSPACE=$workspace "$root/.venv/bin/python" -m pytest -q "$root/tests/grafana/test_pictures.py" || code=$?
    "$product" database stop --workspace "$workspace" >/dev/null
    return "$code"
}

"$product" sample-data "$home/day/sample"
"$product" run --data "$home/day/sample" --workspace "$home/day"
"$product" plan --data "$home/day/sample" --workspace "$home/day"
failed=0
drawn "$home/day" "$home/first-day" --may-be-empty || failed=1
# The dashboard on metrics, which shows machines, services and the newest runs: a month changes nothing of it.
sh "$root/scripts/observability_tools.sh" metrics
PICTURES_WORKSPACE=$home/day PICTURES_OUT=$root/docs/dashboards \
    "$root/.venv/bin/python" -m pytest -q --live "$root/tests/deploy/live/test_platform_picture.py" || failed=1
"$root/.venv/bin/python" -m docs.generators.month "$home/month"
drawn "$home/month" "$root/docs/dashboards" --choose retail-product.store=S03 --choose retail-product.product=P0041 ||
    failed=1
exit "$failed"
