"""A pushed pair against other settings; what is pushed is only what tells of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import Problem, UserError
from contracts.models import DEMAND
from contracts.records.summary import Summary
from pipeline.config import Config
from pipeline.inputs.pair import check_settings, pushed_version, settings_of
from pipeline.workspace import Workspace
from serving.directory.layout import MANIFEST_FILE, PAIRS
from tests.contracts.records.made_up import component, model, model_check, summary

VERSION = 17
TRAINED = Config.model_validate({"windows": {"history": 28}, "data": {"lead_time": 2}})


def pushed(root: Path, facts: dict[str, Any] | None = None) -> Workspace:
    workspace = Workspace(root)
    manifest = workspace.serving / PAIRS / str(VERSION) / MANIFEST_FILE
    manifest.parent.mkdir(parents=True)
    settings = {"settings": json.loads(json.dumps(settings_of(TRAINED)))}
    manifest.write_text(json.dumps({"facts": settings if facts is None else facts}))
    return workspace


def changed(**sections: dict[str, Any]) -> Config:
    content = TRAINED.model_dump()
    return Config.model_validate(
        {name: content[name] | new for name, new in sections.items()}
        | {name: content[name] for name in ("windows", "data") if name not in sections}
    )


def test_the_same_settings_pass(tmp_path: Path) -> None:
    assert check_settings(pushed(tmp_path), VERSION, TRAINED) == ""


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (changed(windows={"history": 56}), "windows.history is 56 here, and was 28"),
        (changed(windows={"review_period": 1}), "windows.review_period is 1 here, and was 7"),
        (changed(windows={"horizon": 21}), "windows.horizon is 21 here, and was 14"),
        (changed(data={"missing_dates": "unknown"}), "data.missing_dates is unknown here, and was zero"),
        (changed(data={"external": ("rain",)}), 'data.external is ["rain"] here, and was not set'),
        (
            Config.model_validate(
                {
                    "windows": TRAINED.windows.model_dump(),
                    "data": TRAINED.data.model_dump(),
                    "demand_forecasting": {"quantiles": (0.1, 0.5, 0.9)},
                }
            ),
            "demand_forecasting.quantiles is [0.1, 0.5, 0.9] here",
        ),
        (Config(), "windows.history is 56 here, and was 28"),
    ],
)
def test_a_setting_of_another_run_is_named_with_both_values(tmp_path: Path, other: Config, said: str) -> None:
    with pytest.raises(UserError) as found:
        check_settings(pushed(tmp_path), VERSION, other)
    assert said in str(found.value) and "--config of its run" in str(found.value)


def test_what_decides_on_training_alone_may_differ(tmp_path: Path) -> None:
    other = changed(windows={"test_periods": 35, "train_stride": 3}, data={"quarantine": 0.5, "shards": 2})
    assert check_settings(pushed(tmp_path), VERSION, other) == ""


def test_another_constant_is_said_and_not_refused(tmp_path: Path) -> None:
    note = check_settings(pushed(tmp_path), VERSION, changed(data={"lead_time": 3}))
    assert "data.lead_time is 3 here, and was 2" in note


def test_a_pair_that_was_pushed_before_settings_were_kept_is_judged_by_its_features(tmp_path: Path) -> None:
    assert check_settings(pushed(tmp_path, facts={}), VERSION, Config()) == ""


def last(status: str, *, problems: Sequence[Problem] = (), failed: str = "", **parts: Any) -> Summary:
    return summary(
        run_id="20260101T000000Z-1",
        status=status,
        models={DEMAND: model(False, **parts)},
        data={"problems": problems},
        components=[component("Transform", reason=failed)],
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, ["call 'retail-inventory run'"]),
        (
            last("refused_model", reasons=["simulated cost: 1.2"]),
            ["refused the models: simulated cost: 1.2", "page", "docs/data-scientists.md"],
        ),
        (
            last("refused_model", checks=[model_check(DEMAND, remedy="Give more history")] * 2),
            ["; Give more history"],
        ),
        (
            last(
                "refused_data",
                problems=[Problem("sales_data.csv", "negative_units", "negative", "Mend it")] * 5,
            ),
            ["refused the data: sales_data.csv: negative", "and 2 more", "correct the data"],
        ),
        (last("failed", failed="out of memory"), ["failed: Transform: out of memory"]),
        ('{"status": 3}', ["again"]),
        ("[]", ["again"]),
    ],
)
def test_a_workspace_without_a_pair_says_why(tmp_path: Path, content: Any, said: list[str]) -> None:
    if content is not None:
        file = tmp_path / "reports" / "20260101T000000Z-1" / "summary.json"
        file.parent.mkdir(parents=True)
        file.write_text(content.to_json() if isinstance(content, Summary) else content)
    with pytest.raises(UserError, match="holds no pushed pair") as found:
        pushed_version(Workspace(tmp_path))
    assert all(words in str(found.value) for words in said)
