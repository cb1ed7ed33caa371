"""Dashboards as files: made by the code, whole, laid out, and with the gates' thresholds."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import pytest
import yaml

from components.model_gate.options import GateOptions
from grafana.gates import WATCH
from tests.grafana.board_files import ALERTS, BOARDS, GRAFANA, panels, read, variables
from tests.grafana.expansion import CannotExpand, Everything, expand
from tests.grafana.lint import layout_problems

ROOT = GRAFANA.parent
SDK = ROOT / ".venv-grafana" / "bin" / "python"
needs_sdk = pytest.mark.skipif(
    not SDK.exists(),
    reason="Grafana's SDK needs Python 3.11 or later, and none was found; see 'make dashboards'",
)
SINCE, UNTIL = (datetime(2026, month, 1, tzinfo=timezone.utc) for month in (1, 2))


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_layout(path: Path) -> None:
    assert layout_problems(read(path)) == []


def test_addresses_are_unique_and_name_the_files() -> None:
    assert [read(path)["uid"] for path in BOARDS] == [path.stem for path in BOARDS]
    assert len({path.stem for path in BOARDS}) == 5


def test_links_open_a_dashboard_that_is_there_and_choose_what_it_has() -> None:
    boards = {path.stem: read(path) for path in BOARDS}
    links = re.findall(r"/d/([\w-]+)\?([^\"]*)", "".join(path.read_text() for path in BOARDS))
    assert {uid for uid, _ in links} == {"retail-product", "retail-demand-forecast"}
    for uid, query in links:
        chosen = set(re.findall(r"var-(\w+)=", query)) | set(re.findall(r"\$\{(\w+):queryparam\}", query))
        assert chosen <= {variable["name"] for variable in variables(boards[uid])}, (uid, query)
        assert uid != "retail-product" or chosen >= {"store", "product"}


@needs_sdk
def test_the_files_are_what_the_code_makes_and_the_sdk_loses_nothing_of_them() -> None:
    done = subprocess.run([SDK, "-m", "grafana", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_sdk
@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('"textMode"', '"textmode"', "/options/textmode"),
        ('"Last run"', '"First run"', "is not what the code makes"),
    ],
)
def test_an_edited_file_and_a_misspelt_option_are_found(
    tmp_path: Path, right: str, wrong: str, said: str
) -> None:
    shutil.copytree(GRAFANA / "dashboards", tmp_path / "dashboards")
    shutil.copytree(GRAFANA / "provisioning", tmp_path / "provisioning")
    name = tmp_path / "dashboards" / "managers" / "retail-model-quality.json"
    name.write_text(name.read_text().replace(right, wrong, 1))
    done = subprocess.run(
        [SDK, "-m", "grafana", "--check", "--folder", tmp_path], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 1 and said in done.stderr


def test_thresholds_are_the_gates() -> None:
    gate, watch = GateOptions(), WATCH
    found = {
        panel["title"]: [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]][
            1:
        ]
        for path in BOARDS
        for panel in panels(read(path))
    }
    coloured = {title: steps for title, steps in found.items() if steps}
    once, late = [1], [watch["late_periods"] + 1]
    bias, out = [-watch["bias_band"], watch["bias_band"]], [watch["stock_outs"]]
    assert coloured == {
        "Age of the models": [watch["pair_days"]],
        "Skill against naive": [gate.demand_skill],
        "Quantile most off": [gate.calibration_band],
        "Levels vs. base stock": [gate.replenishment_skill],
        "Cost vs. base stock": [gate.base_stock_cost],
        "Fill rate vs. base": [-gate.fill_rate_margin],
        "Stores and categories with the least skill": [gate.slice_skill],
        "Realised skill": [gate.demand_skill],
        "Realised bias": bias,
        "Band against promise": [-gate.calibration_band],
        "Drift per feature, as a share of what is allowed": [1.0],
        "Age of the plan": [watch["plan_hours"] / 24],
        "Planning took": [3600 * watch["planning_hours"]],
        "Training took": [3600 * watch["training_hours"]],
        "Sales are late by": late,
        "Out of stock": out,
        "Stock-outs": out,
        "Out of stock for a time, share of products": out,
        "Risk until then": out,
        "Risk after arrival": out,
        "Order list": out,
        "Fill rate": [watch["fill_rate"]],
        **dict.fromkeys(("Lines held back", "Lines without a model", "Held lines", "Rows set aside"), once),
        **dict.fromkeys(("Findings today", "Findings in the data"), once),
    }
    rules = {rule["title"]: rule for rule in read(ALERTS)["groups"][0]["rules"]}
    evaluator = rules["Forecast degraded"]["data"][1]["model"]["conditions"][0]["evaluator"]
    assert evaluator == {"type": "lt", "params": [gate.demand_skill]}


def test_provisioning_is_read_only_and_holds_no_password() -> None:
    sources = yaml.safe_load((GRAFANA / "provisioning" / "datasources" / "retail.yaml").read_text())
    (source,) = sources["datasources"]
    assert source["editable"] is False
    assert (source["type"], source["uid"]) == ("grafana-postgresql-datasource", "retail-postgres")
    assert source["secureJsonData"] == {"password": "${RETAIL_DATABASE_PASSWORD}"}
    providers = yaml.safe_load((GRAFANA / "provisioning" / "dashboards" / "retail.yaml").read_text())[
        "providers"
    ]
    assert {provider["folder"] for provider in providers} == {"Managers", "Operations"}
    for provider in providers:
        assert provider["disableDeletion"] is True and provider["allowUiUpdates"] is False
        assert list((GRAFANA / "dashboards" / Path(provider["options"]["path"]).name).glob("*.json"))


def test_the_compose_file_mounts_what_is_here_and_wants_its_passwords_from_outside() -> None:
    deploy = ROOT / "deploy"
    compose = yaml.safe_load((deploy / "compose.yaml").read_text())
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (deploy / source).exists(), source
        for name, value in service["environment"].items():
            if "PASSWORD" in name:
                # A mail server may want none; what is wanted is asked for.
                assert value.startswith("${"), f"{name} has to come from outside"
                assert ":?" in value or name == "GF_SMTP_PASSWORD", f"{name} has to be there"
        for port in service["ports"]:
            assert port.startswith("127.0.0.1:"), port


def test_expansion_follows_grafanas_documentation() -> None:
    text = "SELECT 1 WHERE $__timeFilter(r.began) AND store IN (${store:sqlstring})"
    assert expand(text, SINCE, UNTIL, {"store": ["o'brien", "b"]}) == (
        "SELECT 1 WHERE r.began BETWEEN '2026-01-01T00:00:00Z' AND '2026-02-01T00:00:00Z' AND store IN ('o''brien','b')"
    )
    assert expand("${store:sqlstring}", SINCE, UNTIL, {"store": Everything("SELECT 1")}) == "SELECT 1"


@pytest.mark.parametrize(
    "text", ["$store", "${store}", "${store:csv}", "[[store]]", "$__timeGroup(a, 1d)", "${other:sqlstring}"]
)
def test_what_grafana_would_not_quote_is_refused(text: str) -> None:
    with pytest.raises(CannotExpand):
        expand(text, SINCE, UNTIL, {"store": ["a"]})


def test_json_is_readable() -> None:
    for path in BOARDS:
        assert json.loads(path.read_text())["timezone"] == "utc"
