"""The severity file: what is accepted, how findings are weighed, and when a waiver ends."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from components.data_gate.checks import feature_check
from components.data_gate.severity import InForce, Kind, Limits, decide, load_severities
from contracts.errors import UserError
from contracts.records.checks import FeatureCheck, checks_from_json, checks_to_json
from tests.places import ROOT

REVIEWED = ROOT / "schema" / "severities.yaml"
WAIVER = "{feature: unit_price, kind: drift, reason: new prices, by: initials, until: 2026-01-31}"
FOUND = feature_check("drift", "unit_price", True, "it moved", 0.4, 0.1, ())


def write(folder: Path, text: str) -> Path:
    path = folder / "severities.yaml"
    path.write_text(text)
    return path


def test_the_packaged_file_names_every_kind_and_states_the_default_limits() -> None:
    file = load_severities(REVIEWED)
    assert set(get_args(Kind)) <= set(file.severities)
    assert file.limits == Limits() and file.waivers == ()


def test_what_the_file_does_not_name_stops(tmp_path: Path) -> None:
    file = load_severities(
        write(tmp_path, "severities: {schema: warn, drift: {default: warn, unit_price: stop}}")
    )
    assert file.severity("frozen", "temperature") == "stop"
    assert file.severity("float_type_small_float", "units_sold") == "warn"
    assert (file.severity("drift", "unit_price"), file.severity("drift", "discount")) == ("stop", "warn")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("severities: {drfit: warn}", ["severities", "no check 'drfit'"]),
        ("severities: {drift: {unit_price: stop}}", ["severities", "drift has no default"]),
        ("severities: {drift: maybe}", ["severities.drift.default"]),
        ("severities: {}\nlimits: {mising: 0.1, restated: 2}", ["limits.mising", "limits.restated"]),
        (
            "severities: {}\nwaivers: [" + WAIVER.replace("2026-01-31", "2026-02-30") + "]",
            ["waivers.0.until"],
        ),
        ("severities: {}\nwaivers: [" + WAIVER.replace("drift", "drfit") + "]", ["waivers.0.kind"]),
        ("severities: {}\nwaivers: [" + WAIVER.replace("by: initials, ", "") + "]", ["waivers.0.by"]),
        ("- drift", ["the whole"]),
        ("severities: [1", ["is no YAML"]),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path: Path, text: str, names: list[str]) -> None:
    path = write(tmp_path, text)
    with pytest.raises(UserError) as caught:
        load_severities(path)
    for name in [str(path), *names]:
        assert name in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="severity_file"):
        load_severities(tmp_path / "none.yaml")


@pytest.mark.parametrize(("day", "verdict"), [(31, "waived"), (1, "waived"), (32, "stop")])
def test_a_waiver_counts_until_its_last_day_and_no_longer(tmp_path: Path, day: int, verdict: str) -> None:
    text = "severities: {drift: stop}\nwaivers: [" + WAIVER + "]"
    today = date(2026, 1, 1) if day == 1 else date.fromordinal(date(2026, 1, 1).toordinal() + day - 1)
    rules = InForce.on(load_severities(write(tmp_path, text)), today)
    (check,) = decide([FOUND], InForce.model_validate_json(rules.model_dump_json()))
    assert check.verdict == verdict
    assert check.waived_by == ("initials" if verdict == "waived" else "")
    assert ("expired on 2026-01-31" if verdict == "stop" else "until 2026-01-31: new prices") in check.reason


def test_rules_stay_the_same_from_day_to_day_until_a_waiver_expires(tmp_path: Path) -> None:
    file = load_severities(write(tmp_path, "severities: {}\nwaivers: [" + WAIVER + "]"))
    texts = [InForce.on(file, date(2026, month, 1)).model_dump_json() for month in (1, 1, 2, 3)]
    assert texts[0] == texts[1] != texts[2] == texts[3]


def test_a_waiver_of_one_feature_waives_no_other(tmp_path: Path) -> None:
    text = "severities: {}\nwaivers: [" + WAIVER.replace("unit_price", "discount") + "]"
    rules = InForce.on(load_severities(write(tmp_path, text)), date(2026, 1, 1))
    assert decide([FOUND], rules)[0].verdict == "stop"


def test_records_hold_the_margin_and_are_json_with_the_gravest_first() -> None:
    findings = [
        feature_check("frozen", "temperature", False, "moves", 2.0, 13.0),
        feature_check("frozen", "rain", True, "rests", float("nan"), 13.0),
        FOUND,
    ]
    checks = decide(findings, InForce(file=load_severities(REVIEWED)))
    records = json.loads(checks_to_json(checks))
    assert [r["verdict"] for r in records] == ["stop", "warn", "pass"]
    assert records[0]["margin"] == pytest.approx(-0.3) and records[2]["margin"] == 11
    assert records[1]["value"] is records[1]["margin"] is None
    assert checks_from_json(json.dumps(records, allow_nan=False), FeatureCheck) == checks
