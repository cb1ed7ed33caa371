"""Plans and actuals from the command line, against pandas on the raw files.

Over 300 lines: its tests share one workspace, which takes a minute to make.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pyarrow.parquet as pq
import pytest

from inventory.expectations import Expectations
from inventory.paths import path_scores, sample_paths
from pipeline.config import load_config
from pipeline.inputs.pair import planning_of, pushed_version
from pipeline.orders.plan import make_plan
from pipeline.orders.planning.scoring import score
from pipeline.workspace import Workspace
from store.connections import connect
from store.loading import replace_rows
from store.opening import opened
from tests.pipeline.lived_in import LivedIn
from tests.pipeline.small import PRODUCTS, STORES

pytestmark = pytest.mark.slow

KEY = ["store_id", "product_id"]
COLUMNS = [
    "as_of", "store_id", "product_id", "expected_demand", "safety_stock", "on_hand", "on_order",
    "rounding_adjustment", "replenishment_quantity", "override_quantity", "order_quantity", "reason", "model_version",
]  # fmt: skip


@pytest.fixture(scope="module")
def reader(lived_in: LivedIn) -> Iterator[psycopg.Connection]:
    with opened(lived_in.store) as connections, connect(connections.reader or "") as connection:
        connection.autocommit = True
        yield connection


def frame(reader: psycopg.Connection, query: str, *values: Any) -> pd.DataFrame:
    cursor = reader.execute(query, values)
    return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description or ()])


def lines_of(lived_in: LivedIn, as_of: object) -> pd.DataFrame:
    return pd.read_csv(lived_in.small.workspace / "plans" / str(as_of) / "order_lines.csv")


def files_hash(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def rows_hash(reader: psycopg.Connection, table: str, order: str) -> tuple[Any, ...]:
    query = f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY {order})) FROM {table} t"
    found = reader.execute(query).fetchone()
    assert found is not None
    return found


def test_every_line_adds_up_in_the_files_and_in_the_database(
    lived_in: LivedIn, reader: psycopg.Connection
) -> None:
    for as_of in (lived_in.first, lived_in.last):
        csv = lines_of(lived_in, as_of)
        stored = frame(
            reader, "SELECT * FROM order_lines WHERE as_of = %s ORDER BY store_id, product_id", as_of
        )
        parquet = pq.read_table(
            lived_in.small.workspace / "plans" / str(as_of) / "order_lines.parquet"
        ).to_pandas()
        assert list(csv.columns[: len(COLUMNS)]) == COLUMNS
        assert len(csv) == len(stored) == len(parquet) == STORES * PRODUCTS
        for lines in (csv, stored, parquet):
            position = lines.on_hand + lines.on_order - lines.rounding_adjustment
            made_up = lines.expected_demand + lines.safety_stock - position
            pd.testing.assert_series_equal(
                made_up, lines.replenishment_quantity, check_names=False, check_dtype=False, atol=1e-5
            )
            quantity = lines.override_quantity.fillna(lines.replenishment_quantity).astype(float)
            assert lines.order_quantity.tolist() == quantity.tolist()
        assert csv.order_quantity.tolist() == stored.order_quantity.tolist()


def test_every_line_says_what_its_order_comes_to(lived_in: LivedIn, reader: psycopg.Connection) -> None:
    """From the plan's own forecasts: every order lived through along each path, day by day with lost sales."""
    workspace = Workspace(lived_in.small.workspace)
    config = load_config(lived_in.small.config)
    folder = lived_in.small.workspace / "plans" / str(lived_in.last)
    forecasts = pq.read_table(folder / "forecasts.parquet").to_pandas().set_index(KEY)
    correlation = planning_of(workspace, pushed_version(workspace)).correlation
    scores = path_scores(correlation, config.windows.horizon)
    products = pd.read_csv(lived_in.small.data / "products.csv").set_index("product_id")
    lines = lines_of(lived_in, lived_in.last)
    names = [field.name for field in fields(Expectations)]
    stored = frame(
        reader, "SELECT * FROM order_lines WHERE as_of = %s ORDER BY store_id, product_id", lived_in.last
    )
    pd.testing.assert_frame_equal(stored[names].astype(float), lines[names].astype(float))
    assert lines.override_quantity.notna().any() and lines.stockout_probability.notna().sum() >= 10
    for line in lines[lines.stockout_probability.notna()].to_dict("records"):
        product = products.loc[line["product_id"]]
        quantiles = np.array(forecasts.loc[(line["store_id"], line["product_id"]), "quantiles"].tolist())
        paths = sample_paths(config.demand_forecasting.quantiles, quantiles[None], scores)[0]
        # What was on order was ordered at the review before, and arrives next.
        left = np.full(len(paths), line["on_hand"] + line["on_order"])
        lost = np.zeros((len(paths), line["protection_interval"]))
        held = np.zeros(lost.shape)
        for day in range(lost.shape[1]):
            left += line["order_quantity"] * (day == product.lead_time)
            lost[:, day] = np.maximum(paths[:, day] - left, 0)
            left = np.maximum(left - paths[:, day], 0)
            held[:, day] = left
        before, after = np.split(lost, [int(product.lead_time)], axis=1)
        cost = product.shortage_cost * after.sum(axis=1)
        cost += product.holding_cost * held[:, before.shape[1] :].sum(axis=1)
        found = [(before > 1e-6).any(axis=1), (after > 1e-6).any(axis=1), after.sum(axis=1), left, cost]
        assert [line[name] for name in names[:5]] == pytest.approx(
            [part.mean() for part in found], rel=1e-4, abs=1e-3
        )


def test_stock_and_packs_are_those_of_the_files(lived_in: LivedIn) -> None:
    lines = lines_of(lived_in, lived_in.last).set_index(KEY)
    stock = pd.read_csv(lived_in.small.data / "inventory_levels.csv")
    newest = stock[stock.date == str(lived_in.last)].set_index(KEY)
    assert lines.on_hand.eq(newest.on_hand.reindex(lines.index)).all()
    assert lines.on_order.eq(newest.on_order.reindex(lines.index)).all()
    packs = pd.read_csv(lived_in.small.data / "products.csv").set_index("product_id")
    pack = packs.pack_size.reindex(lines.index.get_level_values("product_id")).to_numpy()
    assert (lines.replenishment_quantity % pack == 0).all()
    lead = packs.lead_time.reindex(lines.index.get_level_values("product_id")).to_numpy()
    arrival = pd.to_datetime(lines.arrival) - pd.Timestamp(lived_in.last)
    assert arrival.dt.days.tolist() == (lead + 1).tolist()


def test_forecasts_say_what_planned_promotions_add(lived_in: LivedIn) -> None:
    folder = lived_in.small.workspace / "plans" / str(lived_in.last)
    forecasts = pq.read_table(folder / "forecasts.parquet").to_pandas()
    planned = pd.read_csv(lived_in.small.data / "planned_prices.csv")
    forecasts["date"] = forecasts.date.astype(str)
    joined = forecasts.merge(planned, on=["date", "product_id"], how="left", suffixes=("", "_file"))
    joined = joined.fillna({"on_promotion_file": 0, "discount": 1})
    expected = (joined.on_promotion_file == 1) | (joined.discount < 1)
    assert expected.any() and not expected.all()
    assert (joined.promotion_units.notna() == expected).all()
    store, product = joined[expected][KEY].iloc[0]
    item = joined[(joined.store_id == store) & (joined.product_id == product)]
    said = lived_in.small.call("predict", "--store", store, "--product", product).stdout
    found = re.search(r"without it: ([-+][\d.]+) units", said)
    assert found and float(found[1]) == pytest.approx(item.promotion_units.sum(), abs=0.1)


def test_overrides_stand_beside_the_proposal_while_they_are_in_force(lived_in: LivedIn) -> None:
    first, last = (lines_of(lived_in, date).set_index(KEY) for date in (lived_in.first, lived_in.last))
    assert first.order_quantity[("S01", "P0001")] == 60
    assert first.override_reason[("S01", "P0001")] == "festival in town"
    assert last.override_quantity.dropna().to_dict() == {("S02", "P0002"): 0}
    assert last.order_quantity[("S01", "P0001")] == last.replenishment_quantity[("S01", "P0001")]


def test_planning_and_scoring_again_changes_nothing(lived_in: LivedIn, reader: psycopg.Connection) -> None:
    tables = {
        "order_lines": "as_of, store_id, product_id",
        "forecasts": "as_of, store_id, product_id, date",
        "actuals": "store_id, product_id, date",
        "realised": "as_of, store_id, product_id",
        "order_scores": "as_of, store_id, product_id",
        "demand_anomalies": "level, store_id, product_id, side",
        "series": "store_id, product_id",
    }
    folder = lived_in.small.workspace / "plans" / str(lived_in.last)
    before = {name: rows_hash(reader, name, order) for name, order in tables.items()}, files_hash(folder)
    for command, extra in (("plan", ["--overrides", str(lived_in.overrides)]), ("actuals", [])):
        assert lived_in.small.call(command, *extra).returncode == 0
    after = {name: rows_hash(reader, name, order) for name, order in tables.items()}, files_hash(folder)
    assert after == before
    assert sorted(path.name for path in folder.parent.iterdir()) == [str(lived_in.first), str(lived_in.last)]


def test_realised_figures_equal_pandas_on_the_raw_files(
    lived_in: LivedIn, reader: psycopg.Connection
) -> None:
    folder = lived_in.small.workspace / "plans" / str(lived_in.first)
    forecasts = pq.read_table(folder / "forecasts.parquet").to_pandas()
    levels = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95]
    forecasts[levels] = forecasts["quantiles"].tolist()
    sales = pd.read_csv(lived_in.small.data / "sales_data.csv", parse_dates=["date"])
    stock = pd.read_csv(lived_in.small.data / "inventory_levels.csv", parse_dates=["date"])
    forecasts["date"] = pd.to_datetime(forecasts["date"])
    joined = forecasts.merge(sales, on=[*KEY, "date"]).merge(
        stock[[*KEY, "date", "on_hand"]], on=[*KEY, "date"]
    )
    products = pd.read_csv(lived_in.small.data / "products.csv")
    joined = joined.merge(products[["product_id", "holding_cost", "shortage_cost"]], on="product_id")
    step = (joined.date - pd.Timestamp(lived_in.first)).dt.days
    # Seasonal naive: the same weekday of the last week that the plan knew.
    joined["asked"] = joined.date - pd.to_timedelta(7 * np.ceil(step / 7), unit="D")
    ago = sales[[*KEY, "date", "units_sold"]].rename(columns={"date": "asked", "units_sold": "naive"})
    joined = joined.merge(ago, on=[*KEY, "asked"], how="left")
    full = joined[joined.in_stock >= 1]
    compared = full[full.naive.notna()]
    lost = joined["mean"] * (1 - joined.in_stock)
    expected = {
        "periods": len(joined),
        "observed": len(full),
        "wape": (full[0.5] - full.units_sold).abs().sum() / full.units_sold.sum(),
        "bias": full[0.5].sum() / full.units_sold.sum() - 1,
        "outside": (full.units_sold < full[0.05].round()).sum()
        + (full.units_sold > full[0.95].round()).sum(),
        "compared": (compared[0.5] - compared.units_sold).abs().sum() / compared.units_sold.sum(),
        "naive": (compared.naive - compared.units_sold).abs().sum() / compared.units_sold.sum(),
        "fill_rate": joined.units_sold.sum() / (joined.units_sold.sum() + lost.sum()),
        "holding_cost": (joined.on_hand * joined.holding_cost).sum(),
        "shortage_cost": (lost * joined.shortage_cost).sum(),
    }
    found = frame(
        reader,
        "SELECT sum(periods) periods, sum(observed) observed, sum(absolute_error) / sum(units) wape, "
        "sum(forecast) / sum(units) - 1 bias, sum(below + above) outside, "
        "sum(compared_error) / sum(compared_units) compared, sum(naive_error) / sum(compared_units) naive, "
        "sum(units_sold) / sum(units_sold + units_lost) fill_rate, sum(holding_cost) holding_cost, "
        "sum(shortage_cost) shortage_cost FROM realised WHERE as_of = %s",
        lived_in.first,
    ).iloc[0]
    for name, value in expected.items():
        assert float(found[name]) == pytest.approx(value, rel=1e-5), name
    assert f"WAPE {expected['wape']:.1%}" in lived_in.printed["actuals"]


def test_an_override_is_scored_by_what_was_asked_for(lived_in: LivedIn, reader: psycopg.Connection) -> None:
    scores = frame(reader, "SELECT * FROM order_scores").set_index(["as_of", *KEY]).to_dict("index")
    line = lines_of(lived_in, lived_in.first).set_index(KEY).to_dict("index")["S01", "P0001"]
    score = scores[lived_in.first, "S01", "P0001"]
    sales = pd.read_csv(lived_in.small.data / "sales_data.csv", parse_dates=["date"])
    days = (sales.date - pd.Timestamp(lived_in.first)).dt.days
    mine = sales[
        (sales.store_id == "S01")
        & (sales.product_id == "P0001")
        & (days > 0)
        & (days <= line["protection_interval"])
    ]
    assert score["interval_demand"] >= mine.units_sold.sum()
    if (mine.in_stock >= 1).all():
        assert score["interval_demand"] == mine.units_sold.sum()
    cost = pd.read_csv(lived_in.small.data / "products.csv").set_index("product_id").to_dict("index")["P0001"]
    for quantity, found in (
        (line["replenishment_quantity"], score["proposed_cost"]),
        (60, score["ordered_cost"]),
    ):
        left = line["on_hand"] + line["on_order"] + quantity - score["interval_demand"]
        assert found == pytest.approx(
            max(left, 0) * cost["holding_cost"] + max(-left, 0) * cost["shortage_cost"], rel=1e-5
        )


def test_the_store_has_what_the_summaries_say(lived_in: LivedIn, reader: psycopg.Connection) -> None:
    summaries = lived_in.small.summaries()
    runs = frame(reader, "SELECT * FROM runs ORDER BY run_id")
    assert runs.run_id.tolist() == [summary["run_id"] for summary in summaries]
    assert runs.status.tolist() == ["pushed", "pushed"]
    for summary in summaries:
        run_id = summary["run_id"]
        states = frame(reader, "SELECT * FROM run_components WHERE run_id = %s ORDER BY position", run_id)
        assert states.node.tolist() == [component["node"] for component in summary["components"]]
        checks = frame(reader, "SELECT * FROM gate_checks WHERE run_id = %s", run_id)
        assert (checks.gate == "data").sum() == len(summary["data"]["checks"])
        for model, said in summary["models"].items():
            metrics = frame(reader, "SELECT * FROM metrics WHERE run_id = %s AND model = %s", run_id, model)
            whole = metrics[metrics.slice == "all"].set_index(["source", "metric"]).value
            for name, value in said["metrics"].items():
                if not isinstance(value, dict):
                    assert whole[("candidate", name)] == value
            for baseline, values in said["baselines"].items():
                for name, value in values.items():
                    assert whole[(baseline, name)] == value
            for slice_, values in said["slices"].items():
                part = (
                    metrics[(metrics.slice == slice_) & (metrics.source == "candidate")]
                    .set_index("metric")
                    .value
                )
                assert all(part[name] == values[name] for name in part.index if values[name] is not None)
            version = frame(
                reader, "SELECT * FROM model_versions WHERE run_id = %s AND model = %s", run_id, model
            ).iloc[0]
            assert version.version == said["pushed_version"] and version.blessed
        costs = frame(reader, "SELECT * FROM policy_costs WHERE run_id = %s AND slice = 'all'", run_id)
        assert costs.set_index("policy").total_cost.to_dict() == {
            policy: values["total_cost"] for policy, values in summary["simulation"].items()
        }


def test_the_two_models_of_a_run_are_a_pair_and_those_of_two_runs_are_not(
    lived_in: LivedIn, reader: psycopg.Connection
) -> None:
    pairs = frame(reader, "SELECT run_id, pair, count(*) FROM model_versions GROUP BY 1, 2")
    assert pairs["count"].tolist() == [2, 2] and pairs.pair.nunique() == 2
    incumbent = frame(reader, "SELECT DISTINCT run_id FROM metrics WHERE source = 'incumbent'")
    assert incumbent.run_id.tolist() == [lived_in.small.summaries()[1]["run_id"]]


def test_no_password_is_in_a_log_a_report_or_the_metadata(
    lived_in: LivedIn, reader: psycopg.Connection
) -> None:
    file = lived_in.store / "connections.json"
    passwords = [
        url.split("@")[0].rsplit(":", 1)[1].encode() for url in json.loads(file.read_text()).values()
    ]
    assert len(passwords) == 3
    looked_at = 0
    for path in lived_in.small.workspace.rglob("*"):
        if path.is_file() and path != file:
            looked_at += 1
            content = path.read_bytes()
            assert not any(password in content for password in passwords), path
    assert looked_at > 100
    assert not any(password.decode() in text for password in passwords for text in lived_in.printed.values())


@pytest.mark.parametrize("broken", ["scoring", "loading"])
def test_a_plan_that_breaks_off_leaves_all_as_it_was(
    lived_in: LivedIn, reader: psycopg.Connection, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """Forecasts go into the store while others are made, so either may fail with half of them loaded."""
    tables = {"plans": "as_of", "forecasts": "as_of, store_id, product_id, date", "actuals_digests": "date"}
    plans = lived_in.small.workspace / "plans"
    before = {name: rows_hash(reader, name, order) for name, order in tables.items()}
    files = {folder.name: files_hash(folder) for folder in plans.iterdir()}
    calls = []

    def scored(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 2:
            raise RuntimeError("the second shard is broken")
        return score(*arguments)

    def loaded(connection: psycopg.Connection, table: str, rows: Iterable[Any], scope: Any) -> None:
        replace_rows(connection, table, [next(iter(rows))], scope)
        raise psycopg.OperationalError("the store is full")

    if broken == "scoring":
        monkeypatch.setattr("pipeline.orders.planning.stages.score", scored)
    else:
        monkeypatch.setattr("pipeline.orders.plan.replace_rows", loaded)
    with pytest.raises((RuntimeError, psycopg.OperationalError), match=r"broken|full"):
        make_plan(
            lived_in.small.data,
            Workspace(lived_in.small.workspace),
            load_config(lived_in.small.config),
            lived_in.overrides,
            lambda read: None,
        )

    assert {name: rows_hash(reader, name, order) for name, order in tables.items()} == before
    assert {folder.name: files_hash(folder) for folder in plans.iterdir()} == files
    assert not list(lived_in.small.workspace.glob(".plan-*"))


def test_nothing_to_plan_with_and_nothing_to_score(lived_in: LivedIn, tmp_path: Path) -> None:
    done = lived_in.small.call("plan", "--workspace", str(tmp_path / "plan"))
    assert done.returncode == 2 and "holds no pushed pair" in done.stderr and "Traceback" not in done.stderr
    done = lived_in.small.call("actuals", "--workspace", str(tmp_path / "actuals"))
    assert (done.returncode, done.stderr) == (
        0,
        "",
    ) and "no plan was made in this workspace yet" in done.stdout
    leftovers = {path.name for path in (tmp_path / "actuals").iterdir()}
    assert leftovers <= {"postgres"}


def test_bad_data_plans_nothing(lived_in: LivedIn, tmp_path: Path, reader: psycopg.Connection) -> None:
    data = shutil.copytree(lived_in.small.data, tmp_path / "data")
    sales = pd.read_csv(data / "sales_data.csv")
    sales.loc[5, "units_sold"] = -3
    sales.to_csv(data / "sales_data.csv", index=False)
    before = rows_hash(reader, "order_lines", "as_of, store_id, product_id")
    for command in ("plan", "actuals"):
        done = lived_in.small.call(command, data=data)
        assert done.returncode == 3 and "row 6: '-3'" in done.stderr
    assert rows_hash(reader, "order_lines", "as_of, store_id, product_id") == before
    assert not list(lived_in.small.workspace.glob(".plan-*")) + list(
        lived_in.small.workspace.glob(".actuals-*")
    )


def test_what_is_out_of_proportion_is_refused_held_and_accepted(
    lived_in: LivedIn, tmp_path: Path, reader: psycopg.Connection
) -> None:
    def plan(*extra: str) -> subprocess.CompletedProcess[str]:
        return lived_in.small.call("plan", *extra, data=data)

    data = shutil.copytree(lived_in.small.data, tmp_path / "data")
    clean = pd.read_csv(data / "sales_data.csv")
    struck = (clean.store_id == "S01") & (clean.product_id == "P0002")
    bulk = clean.assign(units_sold=clean.units_sold.mask(struck & clean.date.eq(str(lived_in.last)), 80_995))
    bulk.to_csv(data / "sales_data.csv", index=False)
    before = rows_hash(reader, "order_lines", "as_of, store_id, product_id")
    refused = plan()
    assert refused.returncode == 3 and "plan with --accept out_of_proportion" in refused.stderr
    assert rows_hash(reader, "order_lines", "as_of, store_id, product_id") == before

    # No row is strange, but what someone mistyped makes a unit that is short as dear as a house, and packs large.
    clean.to_csv(data / "sales_data.csv", index=False)
    products = pd.read_csv(data / "products.csv").set_index("product_id")
    products.loc["P0002", ["pack_size", "shortage_cost"]] = 50_000, 5e6
    products.to_csv(data / "products.csv")
    stock = pd.read_csv(data / "inventory_levels.csv")
    stock.assign(on_hand=0, on_order=0).to_csv(data / "inventory_levels.csv", index=False)
    printed = plan()
    assert printed.returncode == 0 and "are held back" in printed.stdout
    found = lines_of(lived_in, lived_in.last)
    held = found[found.held.notna()]
    assert set(held.product_id) == {"P0002"} and held.index.tolist() == list(range(len(held)))
    assert held.order_quantity.eq(0).all() and held.replenishment_quantity.eq(50_000).all()
    assert plan("--accept", "S01:P0002").returncode == 0
    stored = frame(reader, "SELECT * FROM order_lines WHERE as_of = %s AND held IS NOT NULL", lived_in.last)
    accepted = stored.set_index("store_id").loc["S01"]
    assert (accepted.order_quantity, accepted.accepted_by) == (50_000, getpass.getuser())
    assert stored[stored.store_id != "S01"].order_quantity.eq(0).all()
    # As it was, for whoever comes after.
    assert lived_in.small.call("plan", "--overrides", str(lived_in.overrides)).returncode == 0
    assert rows_hash(reader, "order_lines", "as_of, store_id, product_id") == before
