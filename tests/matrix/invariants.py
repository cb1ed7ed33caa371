"""What must hold of any retailer that went the whole way; what it is compared with is pandas' own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pandas as pd
from starlette.testclient import TestClient

from contracts.files import FORECASTS
from contracts.models import MODELS
from serving.acceptance import read_acceptance
from serving.directory.layout import CARD_FILE, EXTRA, model_folder, stable_version
from serving.examples import tensors_of
from serving.service.app import build_app
from serving.service.holder import Holder
from tests.matrix import orders  # noqa: F401  (declares its checks)
from tests.matrix.checking import CHECKS, KEY, check, lines_of, plan_folder
from tests.matrix.way import Way
from tests.places import ROOT
from transforms.features import FeatureSpace


def broken(way: Way) -> list[str]:
    """What does not hold; empty where all is well. Where a command ended badly the rest is not looked at."""
    found = []
    for function in [every_command_ends_well, *CHECKS]:
        try:
            function(way)
        except AssertionError as error:
            found.append(f"{function.__name__.replace('_', ' ')}: {error}")
            if function is every_command_ends_well:
                break
    return found


def every_command_ends_well(way: Way) -> None:
    for name, done in way.commands.items():
        said = f"{name} ended with {done.code}\n{done.out[-3000:]}{done.err[-3000:]}"
        assert done.code == 0 and not done.err, f"{said}{_logs(way) if name == 'run' else ''}"
        assert "Traceback" not in done.out, said
        assert " nan" not in done.out.lower().replace("\n", " "), said


def _logs(way: Way) -> str:
    """The last words of the node that failed."""
    logs = sorted(way.workspace.glob("logs/*/*.log"), key=lambda path: path.stat().st_mtime)
    return f"\n{logs[-1].name}: {logs[-1].read_text(errors='replace')[-3000:]}" if logs else ""


@check
def the_summary_keeps_its_schema_and_counts_as_pandas_does(way: Way) -> None:
    (path,) = (way.workspace / "reports").glob("*/summary.json")
    summary = json.loads(path.read_text(), parse_constant=_no_number)
    jsonschema.validate(summary, json.loads((ROOT / "docs" / "summary.schema.json").read_text()))
    data, made = summary["data"], way.made
    assert summary["status"] == "pushed", summary["status"]
    found = {name: data[name] for name in ("series", "rows", "first_date", "last_date", "rejected_rows")}
    expected = {
        "series": len(made.series),
        "rows": made.rows,
        "first_date": str(made.sales.date.min().date()),
        "last_date": str(made.sales.date.max().date()),
        "rejected_rows": 0,
    }
    assert found == expected, f"{found}, expected {expected}"


def _no_number(text: str) -> float:
    raise AssertionError(f"summary.json holds {text}")


@check
def the_run_says_what_is_absent(way: Way) -> None:
    said = " ".join(way.commands["run"].out.split())
    for name in ("inventory_levels", "external_factors", "products", "store_calendar"):
        if name not in way.made.frames:
            assert f"no {name}" in said, f"no word on {name}"
    for column in ("unit_price", "discount", "on_promotion", "in_stock"):
        if column not in way.made.sales:
            assert f"no {column}" in said, f"no word on {column}"


@check
def a_new_product_has_the_history_of_the_one_that_it_follows(way: Way) -> None:
    lines, case = lines_of(way), way.made.case
    lent = lines.reason.fillna("").str.extract(
        r"with the history of (.*), which it follows, at a weight of 0\.25"
    )[0]
    names = way.made.frames["products"].product_id.unique() if case["products"] == "by_store" else [""]
    new = (lines.product_id == names[-1]) & (len(names) > 1)
    assert (lent[~new].isna()).all(), lines[["reason", *KEY]]
    # What the predecessor sold is known of each date.
    if case["missing_dates"] == "zero" and case["sundays"] == "open":
        assert (lent[new] == names[0]).all(), lines[["reason", *KEY]]


@check
def stock_is_what_the_newest_count_says(way: Way) -> None:
    if way.made.case["inventory"] not in ("full", "newest") or way.made.case["stock"] == "stale":
        return
    stock = way.made.frames["inventory_levels"]
    newest = stock[stock.date == way.made.sales.date.max()]
    both = lines_of(way).merge(newest, on=KEY, suffixes=("", "_counted"))
    assert len(both) == len(way.made.series), both
    assert np.allclose(both.on_hand, both.on_hand_counted), both[["on_hand", "on_hand_counted"]]
    assert np.allclose(both.on_order, both.on_order_counted), both[["on_order", "on_order_counted"]]


@check
def forecasts_are_finite_and_do_not_cross(way: Way) -> None:
    forecasts = _forecasts(way)
    levels = np.array(forecasts["quantiles"].tolist())
    assert np.isfinite(levels).all() and np.isfinite(forecasts["mean"]).all(), forecasts
    assert (levels >= 0).all() and (np.diff(levels, axis=1) >= 0).all(), levels
    horizon = way.made.lengths.horizon
    count = forecasts.groupby(KEY).date.nunique()
    assert (count == horizon).all() and len(forecasts) == len(count) * horizon, count
    assert lines_of(way).model_version.notna().sum() <= len(count) <= len(way.made.series), count
    coming = way.made.sales.date.max() + way.made.period * np.arange(1, horizon + 1)
    found = sorted(pd.to_datetime(forecasts.date).unique())
    assert found == sorted(pd.to_datetime(coming).unique()), found


@check
def planned_promotions_stand_beside_the_forecasts(way: Way) -> None:
    forecasts = _forecasts(way)
    found = forecasts.on_promotion.astype(float)
    if way.made.case["planned"] in ("none", "settings"):
        assert found.isna().all(), forecasts
        return
    plan = way.made.frames["planned_prices"]
    told = plan.assign(date=pd.to_datetime(plan.date)).set_index(["product_id", "date"]).on_promotion
    keys = list(zip(forecasts.product_id, pd.to_datetime(forecasts.date), strict=True))
    last = pd.to_datetime(plan.date).max()
    expected = [told.get(key, 0.0) if key[1] <= last else np.nan for key in keys]
    np.testing.assert_array_equal(found, expected)


@check
def nothing_is_forecast_of_closed_days_and_of_no_others(way: Way) -> None:
    forecasts = _forecasts(way)
    keys = zip(forecasts.store_id, pd.to_datetime(forecasts.date), strict=True)
    closed = np.array([key in way.made.closed for key in keys], dtype=bool)
    highest = forecasts["quantiles"].map(max).to_numpy()
    assert ((highest == 0) == closed).all(), forecasts[(highest == 0) != closed]
    assert (forecasts["mean"][closed] == 0).all(), forecasts[closed]


@check
def closed_days_are_told_and_not_judged(way: Way) -> None:
    made = way.made
    past = {(store, date) for store, date in made.closed if date <= made.dates[-1]}
    said = way.commands["run"].out
    assert ("closed on Sundays" in said) == (bool(past) and made.case["sundays"] == "closed"), said
    assert ("closed by store_calendar" in said) == (made.case["sundays"] == "calendar"), said
    (path,) = (way.workspace / "artifacts").glob(f"*/*/*/{FORECASTS}")
    judged = pd.read_parquet(path)
    shut = np.array(
        [key in past for key in zip(judged.store_id, pd.to_datetime(judged.date), strict=True)], bool
    )
    assert (judged.observed[shut] == 0).all(), judged[shut]
    assert judged.observed.any(), judged


@check
def a_forecast_is_the_same_whoever_asks(way: Way) -> None:
    planned = _forecasts(way).astype({"date": str})
    asked = pd.read_parquet(way.forecasts).astype({"date": str})
    both = planned.merge(asked, on=[*KEY, "date"], suffixes=("", "_asked"))
    assert len(both) == len(planned) == len(asked), f"{len(planned)} planned, {len(asked)} predicted"
    assert np.allclose(both["mean"], both.mean_asked, rtol=1e-4, atol=1e-5), both[["mean", "mean_asked"]]


@check
def planning_again_changes_nothing(way: Way) -> None:
    first, again = (way.commands[name].out for name in ("plan", "plan again"))
    assert first == again, f"{first}\n{again}"


@check
def the_service_answers_as_the_trainer_did(way: Way) -> None:
    root = way.workspace / "serving"
    folders = {model: str(model_folder(root, stable_version(root), model)) for model in MODELS}
    with TestClient(build_app(Holder(root))) as client:
        for model, folder in folders.items():
            requests, answers = read_acceptance(folder)
            card = Path(folder) / EXTRA / CARD_FILE
            space = FeatureSpace.from_json(json.dumps(json.loads(card.read_text())["feature_space"]))
            tensors = {n: t.numpy() for n, t in tensors_of(requests, space.model_inputs()).items()}
            # What arrives beyond the horizon is not ordered by the model.
            index = int(tensors["lead_time"][:, 0].argmin())
            instance = {name: [_plain(value) for value in values[index]] for name, values in tensors.items()}
            # Unlike JSON proper, TensorFlow Serving's has a word for a value that is not there.
            asked = json.dumps({"signature_name": "raw_tensors", "instances": [instance]})
            reply = client.post(f"/v1/models/{model}:predict", content=asked)
            assert reply.status_code == 200, reply.text
            (answer,) = reply.json()["predictions"]
            for name, expected in answers.items():
                given = answer[name] if isinstance(answer, dict) else answer
                assert np.allclose(given, expected[index], rtol=1e-3, atol=1e-5), name


def _plain(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value.item()


def _forecasts(way: Way) -> pd.DataFrame:
    return pd.read_parquet(plan_folder(way) / "forecasts.parquet")
