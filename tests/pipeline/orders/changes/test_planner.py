"""A plan that is kept up with new sales and stock is the plan of a folder that has them: the real pair and store.

Over 300 lines: its tests share one shop, two workspaces of the same pair with a store each.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from threading import Event, Timer

import numpy as np
import pandas as pd
import psycopg
import pytest
from pydantic import SecretStr

from components.example_generation.report import IngestReport
from contracts.errors import DataRejected, UserError
from pipeline.config import Config, load_config
from pipeline.orders.changes import writing
from pipeline.orders.changes.asked import Asked, KeptUp
from pipeline.orders.changes.planner import opened_planner
from pipeline.orders.plan import Plan, make_plan
from pipeline.orders.planning.holding import Accepted
from pipeline.workspace import Workspace, new_run_id
from store.connections import Connections, connect
from store.opening import choose
from tests.pipeline import warm
from tests.pipeline.lived_in import LivedIn
from tests.places import ROOT
from tests.store.test_migrating import in_database

pytestmark = pytest.mark.slow

KEY = ["store_id", "product_id", "date"]
SALES, STOCK = "sales_data", "inventory_levels"
ACCEPTED = Accepted(("all",), "a test")


@dataclass(frozen=True)
class Shop:
    """Data, new files, and two workspaces of one pair: ``kept_up`` is kept up, ``scratch`` plans from scratch."""

    root: Path
    scratch: Config
    kept_up: Config
    last: date

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def changes(self) -> Path:
        return self.root / "changes"

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.root / "kept-up")

    def begin(self) -> None:
        """Nothing has come, and nothing is kept."""
        for folder in (self.changes, self.workspace.planner):
            shutil.rmtree(folder, ignore_errors=True)
        self.changes.mkdir()

    def drop(self, name: str, *rows: dict[str, object]) -> pd.DataFrame:
        """A new file, as a till would write it."""
        found = pd.DataFrame(rows)
        found.to_csv(self.changes / f"{name}.csv", index=False)
        return found

    def asked(self, overrides: Path | None = None) -> Asked:
        return Asked(self.data, self.workspace, self.kept_up, self.changes, "program", overrides, ACCEPTED)

    def from_scratch(self, files: dict[str, pd.DataFrame], overrides: Path | None = None) -> Plan:
        """The whole plan of the folder with the files merged into it, by pandas."""
        merged = self.root / "merged"
        shutil.rmtree(merged, ignore_errors=True)
        shutil.copytree(self.data, merged)
        for name, rows in sorted(files.items()):
            path = merged / f"{SALES if name.endswith(SALES) else STOCK}.csv"
            whole = pd.concat([pd.read_csv(path, dtype={"date": str}), rows])
            whole.drop_duplicates(KEY, keep="last").to_csv(path, index=False)
        workspace = Workspace(self.root / "scratch")
        return make_plan(merged, workspace, self.scratch, overrides, lambda report: None, ACCEPTED)

    def compare(self, as_of: date) -> None:
        """Files and tables of both workspaces say the same."""
        ours, theirs = (self.root / name / "plans" / str(as_of) for name in ("kept-up", "scratch"))
        lines, expected = (pd.read_csv(folder / "order_lines.csv") for folder in (ours, theirs))
        pd.testing.assert_frame_equal(lines, expected, rtol=1e-4, atol=1e-4)
        assert lines.order_quantity.tolist() == expected.order_quantity.tolist()
        forecasts, wanted = (pd.read_parquet(folder / "forecasts.parquet") for folder in (ours, theirs))
        quantiles, others = (np.stack(found.pop("quantiles").to_list()) for found in (forecasts, wanted))
        pd.testing.assert_frame_equal(forecasts, wanted, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(quantiles, others, rtol=1e-4, atol=1e-4)
        for columns, table, of_plan in (
            ("*", "order_lines", True),
            ("store_id, product_id, date, mean, on_promotion, promotion_units", "forecasts", True),
            ("*", "actuals", False),
            ("store_id, product_id, unit_cost, lead_time", "series", False),
            ("store_id, date, name", "events", False),
        ):
            query = f"SELECT {columns} FROM {table} {'WHERE as_of = %s' if of_plan else ''}"
            values: list[object] = [as_of] if of_plan else []
            found, same = (self.rows(config, query, values) for config in (self.kept_up, self.scratch))
            pd.testing.assert_frame_equal(found, same, rtol=1e-4, atol=1e-4)

    def rows(self, config: Config, query: str, values: list[object]) -> pd.DataFrame:
        """What a query finds, in an order of its own."""
        with connect(config.store_address or "") as connection:
            found = connection.execute(query, values)
            names = [column.name for column in found.description or ()]
            table = pd.DataFrame(found.fetchall(), columns=names)
        return table.sort_values([name for name in (*KEY, "name") if name in names]).reset_index(drop=True)


@pytest.fixture(scope="module")
def shop(
    lived_in: LivedIn,
    store: Connections,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Shop:
    """Least orders, products that follow others, stock of what was never sold; at night an earlier plan too."""
    root = tmp_path_factory.mktemp("shop")
    shutil.copytree(lived_in.small.data, root / "data")
    products = pd.read_csv(root / "data" / "products.csv")
    products["supplier"] = ["North", "North", "South", None, "South", "North"]
    products["follows"] = [None, None, None, None, "P0004", None]
    products = pd.concat([products, products.iloc[[0]].assign(product_id="P0007", follows="P0003")])
    products.to_csv(root / "data" / "products.csv", index=False)
    (root / "data" / "suppliers.csv").write_text(
        "supplier,order_weekdays,lead_time,minimum_order_value\nNorth,,,400\nSouth,,,90\n"
    )
    path = root / "data" / "inventory_levels.csv"
    levels = pd.read_csv(path, dtype={"date": str})
    pd.concat([levels, pd.DataFrame([stock(lived_in.last, "S01", "P0008", 4)])]).to_csv(path, index=False)
    configs = []
    for name in ("scratch", "kept-up"):
        (root / name).mkdir()
        shutil.copytree(lived_in.small.workspace / "serving", root / name / "serving", symlinks=True)
        database = f"shop_{name.replace('-', '_')}"
        with psycopg.connect(store.owner, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {database}")
        url = SecretStr(in_database(store.owner, database))
        configs.append(load_config(lived_in.small.config).model_copy(update={"database_url": url}))
    shop = Shop(root, configs[0], configs[1], lived_in.last)
    if request.config.getoption("--nightly"):
        _plan_earlier(shop)
    return shop


def _plan_earlier(shop: Shop) -> None:
    """Both stores have the plan of two days before, whose orders are on their way."""
    earlier = shop.scratch.data.model_copy(update={"as_of": shop.last - timedelta(days=2)})
    config = shop.scratch.model_copy(update={"data": earlier})
    make_plan(shop.data, Workspace(shop.root / "scratch"), config, None, lambda report: None, ACCEPTED)
    choose(shop.workspace.store, shop.kept_up.store_address)
    with (
        connect(shop.scratch.store_address or "") as source,
        connect(shop.kept_up.store_address or "") as target,
    ):
        for table in ("plans", "order_lines", "series", "actuals", "events"):
            with (
                source.cursor().copy(f"COPY {table} TO STDOUT") as reading,
                target.cursor().copy(f"COPY {table} FROM STDIN") as writing,
            ):
                for block in reading:
                    writing.write(block)


def sales(day: date, store: str, product: str, units: float, in_stock: float = 1.0) -> dict[str, object]:
    return {
        "date": str(day), "store_id": store, "product_id": product, "units_sold": units,
        "unit_price": 4.5, "discount": 1.0, "on_promotion": 0, "in_stock": in_stock,
    }  # fmt: skip


def stock(day: date, store: str, product: str, on_hand: float, on_order: float = 0) -> dict[str, object]:
    return {
        "date": str(day),
        "store_id": store,
        "product_id": product,
        "on_hand": on_hand,
        "on_order": on_order,
    }


def nothing(report: IngestReport) -> None:
    """What reading came to is not looked at."""


def test_what_came_is_planned_as_if_the_folder_had_it_and_only_what_it_touches(shop: Shop) -> None:
    shop.begin()
    last, files = shop.last, {}
    with opened_planner(shop.asked(), nothing) as planner:
        first = planner.keep_up(new_run_id())
        assert first is not None and "nothing is kept" in first.why_all
        assert planner.keep_up(new_run_id()) is None
        files[f"15-{STOCK}"] = shop.drop(f"15-{STOCK}", stock(last, "S02", "P0008", 6))
        made = planner.keep_up(new_run_id())
        assert made is not None and made.series == 0
        files[f"20-{SALES}"] = shop.drop(
            f"20-{SALES}", sales(last, "S01", "P0004", 90), sales(last - timedelta(days=3), "S02", "P0001", 7)
        )
        files[f"21-{STOCK}"] = shop.drop(
            f"21-{STOCK}", stock(last, "S02", "P0002", 3), stock(last, "S01", "P0008", 1)
        )
        made = planner.keep_up(new_run_id())
        # Three series with sales and the one that follows P0004; stock of what was never sold is no question to models.
        assert made is not None and (made.why_all, made.files, made.rows, made.series) == ("", 2, 4, 4)
        # An earlier file may come later: what newer ones say stays.
        files[f"10-{SALES}"] = shop.drop(
            f"10-{SALES}",
            sales(last, "S01", "P0004", 1),
            sales(last, "S01", "P0002", 55),
            sales(last, "S02", "P0009", 2),
        )
        assert planner.keep_up(new_run_id()) is not None
    whole = shop.from_scratch(files)
    shop.compare(last)
    reasons = " ".join(whole.lines["reason"].to_pylist())
    assert "raised from" in reasons and "with the history of" not in reasons and "which it follows" in reasons


@pytest.mark.nightly
def test_a_bad_file_is_named_and_what_breaks_off_is_done_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def written() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in shop.workspace.plan(shop.last).iterdir()}

    def lines() -> pd.DataFrame:
        return shop.rows(shop.kept_up, "SELECT * FROM order_lines WHERE as_of = %s", [shop.last])

    def fail(*arguments: object) -> None:
        raise RuntimeError("the power fails")

    shop.begin()
    with opened_planner(shop.asked(), nothing) as planner:
        planner.keep_up(new_run_id())
        shop.drop(f"20-{SALES}", sales(shop.last, "S01", "P0004", 90))
        planner.keep_up(new_run_id())
    with opened_planner(shop.asked(), nothing) as planner:
        assert planner.keep_up(new_run_id()) is None
        # Another process goes on from what is kept, and whoever tidies up takes nothing back.
        (shop.changes / f"20-{SALES}.csv").unlink()
        shop.drop(f"30-{STOCK}", stock(shop.last, "S02", "P0006", 500))
        again = planner.keep_up(new_run_id())
        assert again is not None and (again.why_all, again.files) == ("", 1)
    files, stored = written(), lines()
    shop.drop(f"40-{SALES}", sales(shop.last, "S01", "P0001", 3), sales(shop.last, "S01", "P0002", -3))
    with opened_planner(shop.asked(), nothing) as planner:
        with pytest.raises(DataRejected, match=rf"40-{SALES}.csv, column units_sold: .*row 2: '-3"):
            planner.keep_up(new_run_id())
        with (
            pytest.raises(UserError, match="another call of plan --changed"),
            opened_planner(shop.asked(), nothing),
        ):
            pass
        shop.drop(f"50-{STOCK}", stock(shop.last, "S01", "P0003", 0))
        with monkeypatch.context() as broken:
            broken.setattr(writing, "keep_changes", fail)
            with pytest.raises(RuntimeError, match="power"):
                planner.keep_up(new_run_id(), lambda error: None)
        assert written() == files
        pd.testing.assert_frame_equal(lines(), stored)
        made: list[KeptUp] = []
        refused: list[DataRejected] = []
        stop = Event()

        def tell(one: KeptUp) -> None:
            made.append(one)
            stop.set()

        planner.follow(stop, tell, refused.append)
    assert [(one.why_all, one.files, one.series) for one in made] == [("", 1, 4)]
    assert [error.problems[0].file for error in refused] == []
    assert written() != files
    run = "SELECT status FROM planning_runs ORDER BY began"
    with connect(shop.kept_up.store_address or "") as connection:
        found = [status for (status,) in connection.execute(run)]
    assert found[-2:] == ["failed", "planned"]
    (shop.changes / f"40-{SALES}.csv").unlink()


@pytest.mark.nightly
def test_a_new_date_a_plan_without_the_files_and_peoples_quantities(shop: Shop) -> None:
    shop.begin()
    last, files = shop.last, {}
    overrides = shop.root / "overrides.csv"
    with opened_planner(shop.asked(overrides), nothing) as planner:
        overrides.write_text("store_id,product_id,quantity,reason,by,until\nS01,P0001,60,festival,buyer,\n")
        planner.keep_up(new_run_id())
        overrides.write_text("store_id,product_id,quantity,reason,by,until\nS02,P0002,7,promised,buyer,\n")
        files[f"1-{SALES}"] = shop.drop(f"1-{SALES}", sales(last, "S01", "P0006", 70))
        made = planner.keep_up(new_run_id())
        assert made is not None and made.series == 1
        shop.from_scratch(files, overrides)
        shop.compare(last)
        make_plan(shop.data, shop.workspace, shop.kept_up, overrides, nothing, ACCEPTED)
        made = planner.keep_up(new_run_id())
        assert made is not None and "was planned without these files" in made.why_all
        shop.compare(last)
        tomorrow = last + timedelta(days=1)
        files[f"2-{SALES}"] = shop.drop(f"2-{SALES}", sales(tomorrow, "S01", "P0006", 4))
        made = planner.keep_up(new_run_id())
        assert made is not None and f"newest date of the sales is now {tomorrow}" in made.why_all
        # Of the other store nothing is known yet on that date; then it is.
        files[f"3-{SALES}"] = shop.drop(f"3-{SALES}", sales(tomorrow, "S02", "P0001", 4))
        made = planner.keep_up(new_run_id())
        assert made is not None and (made.why_all, made.series) == ("", 6)
    shop.from_scratch(files, overrides)
    shop.compare(tomorrow)


@pytest.mark.nightly
def test_the_command_follows_until_it_is_told_to_end(shop: Shop, lived_in: LivedIn) -> None:
    shop.begin()
    config = shop.root / "config.yaml"
    url = shop.kept_up.store_address
    config.write_text(f"{lived_in.small.config.read_text()}\ndatabase_url: {url}\n")
    command = [
        sys.executable,
        "-m",
        "pipeline",
        "plan",
        "--data",
        shop.data,
        "--workspace",
        shop.workspace.root,
    ]
    command += ["--config", config, "--changed", shop.changes, "--accept", "all", "--follow"]
    with subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        killed = Timer(90, process.kill)
        killed.start()

        def until(said: str) -> str:
            for line in process.stdout or ():
                if said in line:
                    return line
            raise AssertionError(f"it ended with {process.wait()} and did not say {said!r}")

        until("series, as nothing is kept")
        shop.drop(f"1-{SALES}", sales(shop.last, "S01", "P0001", -3))
        assert "row 1: '-3" in until("not planned")
        shop.drop(f"1-{SALES}", sales(shop.last, "S01", "P0001", 33))
        assert "1 file(s), 1 row(s): 1 of 15 series" in until("plan as of")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        killed.cancel()
    done = warm.command([*map(str, command[3:-1])])
    assert (done.returncode, done.stderr) == (0, "")
    assert "nothing is new" in done.stdout


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(3))
def test_whatever_comes_in_whatever_order_it_is_the_plan_of_the_merged_folder(shop: Shop, seed: int) -> None:
    random = np.random.default_rng(seed)
    files: dict[str, pd.DataFrame] = {}
    shop.begin()
    for _ in range(5):
        with opened_planner(shop.asked(), nothing) as planner:
            for _ in range(random.integers(1, 4)):
                for _ in range(random.integers(1, 4)):
                    rewrite = bool(files) and random.random() < 0.2
                    kind = str(random.choice([SALES, STOCK]))
                    name = str(random.choice(list(files))) if rewrite else f"{random.integers(1000)}-{kind}"
                    files[name] = shop.drop(name, *rows(random, name.endswith(SALES), shop.last))
                planner.keep_up(new_run_id())
                assert planner.keep_up(new_run_id()) is None
                if random.random() < 0.3:
                    (shop.changes / f"{random.choice(list(files))}.csv").unlink(missing_ok=True)
        shop.from_scratch(files)
        shop.compare(shop.last)


def rows(random: np.random.Generator, sold: bool, last: date) -> list[dict[str, object]]:
    """Some rows of random stores, products and dates; of a whole store and day at times."""
    found = {}
    for _ in range(random.integers(1, 8)):
        day = last - timedelta(days=int(random.choice([0, 0, 0, 1, 3, 30, 100])))
        store, product = f"S0{random.integers(1, 3)}", f"P000{random.integers(1, 10)}"
        every = sold and random.random() < 0.1
        for name in [f"P000{i}" for i in range(1, 7)] if every else [product]:
            units = float(random.choice([0, 3, 40]))
            found[day, store, name] = (
                sales(day, store, name, units, float(random.choice([0.5, 1])))
                if sold
                else stock(day, store, name, units, float(random.choice([0, 12])))
            )
    return list(found.values())
