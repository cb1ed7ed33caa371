#!/bin/sh
# Says how a workspace fares: last runs, why they failed, ages of pair and plan, alerts that ring. For people and cron.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
# At which alerts ring too.
pair_days=$(sed -n 's/.*"pair_days": *\([0-9][0-9]*\).*/\1/p' "$root/grafana/gates.json")

usage() {
    cat <<END
usage: monitor_pipeline.sh --workspace DIR [options]

  --workspace DIR      of the runs
  --runs N             runs that are listed, the newest last (5)
  --pair-days N        the pair that serves may be so old ($pair_days, as grafana/gates.json says)
  --plan-days N        the newest plan may be of so many days ago (2); 0: plans are not looked at
  --run-hours N        a run without an end that has written nothing for so long counts as killed (1)
  --alertmanager URL   such as http://127.0.0.1:9093: alerts that ring are listed too
  --quiet              prints only what is wrong
  --help

Exit codes: 0 all is well; 1 something is wrong, and was said; 2 wrong usage.
END
}

wrong() {
    echo "monitor_pipeline.sh: $1" >&2
    usage >&2
    exit 2
}

workspace="" runs=5 plan_days=2 run_hours=1 alertmanager="" quiet=0
while [ $# -gt 0 ]; do
    case $1 in
    --help) usage && exit 0 ;;
    --quiet) quiet=1 && shift && continue ;;
    --workspace | --runs | --pair-days | --plan-days | --run-hours | --alertmanager) ;;
    *) wrong "$1 is no option" ;;
    esac
    [ $# -gt 1 ] || wrong "$1 wants a value"
    case $1 in
    --workspace | --alertmanager) ;;
    *) case $2 in "" | *[!0-9]*) wrong "$1 wants a whole number" ;; esac ;;
    esac
    case $1 in
    --workspace) workspace=$2 ;;
    --runs) runs=$2 ;;
    --pair-days) pair_days=$2 ;;
    --plan-days) plan_days=$2 ;;
    --run-hours) run_hours=$2 ;;
    --alertmanager) alertmanager=$2 ;;
    esac
    shift 2
done
[ -n "$workspace" ] || wrong "--workspace is missing"
[ -d "$workspace" ] || wrong "$workspace is no folder"

bin=$root/.venv/bin
command=$bin/retail-inventory
[ -x "$command" ] || wrong "$command is not there; call 'make setup' first"
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT

# What a command refuses to say is what is wrong.
"$command" status --workspace "$workspace" --json >"$found/status" 2>"$found/status.error" || :
"$command" versions --workspace "$workspace" --json >"$found/versions" 2>"$found/versions.error" || :

"$bin/python" - "$found" "$workspace" "$runs" "$pair_days" "$plan_days" "$run_hours" "$quiet" "$alertmanager" <<'END'
import json, pathlib, sys, time, urllib.request
from datetime import date, timedelta

folder, workspace = map(pathlib.Path, sys.argv[1:3])
runs, pair_days, plan_days, run_hours, quiet = map(int, sys.argv[3:8])
alertmanager = sys.argv[8].rstrip("/")
problems = []


def read(name):
    """What a command said; None where it refused."""
    if (folder / name).stat().st_size:
        return json.loads((folder / name).read_text())
    said = (folder / f"{name}.error").read_text().strip().splitlines()
    problems.append(said[-1] if said else f"'retail-inventory {name}' said nothing")
    return None


def say(text):
    if not quiet:
        print(text)


def goes_on(run_id):
    written = [path.stat().st_mtime for path in (workspace / "logs" / run_id).glob("*")]
    return bool(written) and time.time() - max(written) < 3600 * run_hours


status = read("status") or []
for run in status:
    if run["status"] == "killed" and run is status[-1] and goes_on(run["run_id"]):
        run["status"] = "running"
for run in status[-runs:] if runs else []:
    say(f"run {run['run_id']}: {run['status']}")
ended = [run for run in status if run["status"] != "running"]
if ended and ended[-1]["status"] != "pushed":
    problems.append(f"the newest run that ended, {ended[-1]['run_id']}, is {ended[-1]['status']}")
    problems += ended[-1]["reasons"]

versions = read("versions")
if versions:
    (stable,) = (pair for pair in versions["versions"] if pair["version"] == versions["stable"])
    said = f"pair {stable['version']}: pushed {stable['age_days']:.1f} days ago, data until {stable['last_date']}"
    say(said)
    if stable["age_days"] > pair_days:
        problems.append(f"{said}; older than {pair_days} days")

if plan_days:
    plans = sorted(path.name for path in (workspace / "plans").glob("[0-9]*"))
    say(f"newest plan: {plans[-1] if plans else 'none'}")
    if not plans:
        problems.append("no plan was made yet")
    elif date.fromisoformat(plans[-1]) < date.today() - timedelta(days=plan_days):
        problems.append(f"the newest plan is of {plans[-1]}, more than {plan_days} days ago")

if alertmanager:
    query = "/api/v2/alerts?active=true&silenced=false&inhibited=false"
    try:
        with urllib.request.urlopen(alertmanager + query, timeout=10) as reply:
            for alert in json.load(reply):
                summary = alert["annotations"].get("summary", "")
                problems.append(f"alert {alert['labels']['alertname']}: {summary}")
    except OSError as error:
        problems.append(f"{alertmanager} does not say which alerts ring: {error}")

for problem in problems:
    print(f"WRONG: {problem}")
if not problems:
    say("all is well")
sys.exit(1 if problems else 0)
END
