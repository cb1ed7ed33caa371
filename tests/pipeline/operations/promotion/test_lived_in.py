"""From the command line: a challenger is planned with, scored, promoted and rolled back; orders stay the champion's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess

import pandas as pd
import pytest
from tfx.proto.orchestration.pipeline_pb2 import Pipeline

from contracts.files import FORECASTS
from contracts.models import DEMAND, MODELS
from contracts.records.promotion import PromotionDecision
from pipeline.config import load_config
from pipeline.operations.promotion.weighing import weigh
from pipeline.orders.canary_stores import canary_stores
from pipeline.running.run_folder import PIPELINE_FILE
from pipeline.workspace import Workspace
from serving.directory.layout import model_folder, read_manifest, read_state
from serving.directory.pushing import push
from store.connections import connect
from store.opening import opened
from tests.pipeline import warm
from tests.pipeline.lived_in import LivedIn

pytestmark = pytest.mark.slow

RUN = "20260615T060000Z-1a2b"


@dataclass(frozen=True)
class Tried:
    """A workspace of its own with the first run's pair as champion and the second's beside it, under their numbers."""

    lived_in: LivedIn
    workspace: Path
    config: Path
    champion: int
    challenger: int

    def call(
        self, command: str, *extra: str, data: bool = False, config: bool = True
    ) -> CompletedProcess[str]:
        given = ["--data", str(self.lived_in.small.data)] if data else []
        given += ["--config", str(self.config)] if config else []
        return warm.command([command, "--workspace", str(self.workspace), *given, *extra])

    def plan(self) -> CompletedProcess[str]:
        as_of, overrides = str(self.lived_in.first), str(self.lived_in.overrides)
        return self.call("plan", "--as-of", as_of, "--overrides", overrides, data=True)

    def rows(self, query: str) -> pd.DataFrame:
        with (
            opened(self.workspace / "postgres") as connections,
            connect(connections.reader or "") as connection,
        ):
            cursor = connection.execute(query.encode())
            return pd.DataFrame(
                cursor.fetchall(), columns=[column.name for column in cursor.description or ()]
            )


def made(lived_in: LivedIn, root: Path, versions: list[int], promotion: str) -> Tried:
    source, config = lived_in.small.workspace / "serving", root / "config.yaml"
    config.write_text(lived_in.small.config.read_text() + promotion)
    for version in versions:
        sources = {model: model_folder(source, version, model) for model in MODELS}
        facts = read_manifest(source, version)["facts"]
        push(root / "w" / "serving", sources, facts, keep=3, canary=True, clock=partial(float, version))
    return Tried(lived_in, root / "w", config, versions[0], versions[-1])


@pytest.fixture(scope="module")
def tried(lived_in: LivedIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    versions = sorted(read_state(lived_in.small.workspace / "serving").kept)
    promotion = "promotion: {mode: challenger, least_periods: 2}\n"
    found = made(lived_in, tmp_path_factory.mktemp("tried"), versions[-2:], promotion)
    # Starts its server once, not for each command.
    with opened(found.workspace / "postgres"):
        yield found


@pytest.fixture(scope="module")
def alone(tried: Tried, tmp_path_factory: pytest.TempPathFactory) -> Tried:
    """The challenger's pair in a workspace where it serves, with the plan that it makes there."""
    found = made(tried.lived_in, tmp_path_factory.mktemp("alone"), [tried.challenger], "")
    assert found.plan().returncode == 0
    return found


def test_a_challenger_from_its_first_plan_to_a_roll_back(tried: Tried, alone: Tried) -> None:
    lived_in = tried.lived_in
    folders = [place / "plans" / str(lived_in.first) for place in (tried.workspace, lived_in.small.workspace)]
    whole = model_folder(tried.workspace / "serving", tried.challenger, DEMAND) / "saved_model.pb"
    content = whole.read_bytes()
    whole.write_bytes(b"")
    broken = tried.plan()
    assert (broken.returncode, broken.stderr) == (0, "")
    assert f"the challenger, pair {tried.challenger}, was not planned with" in broken.stdout
    assert tried.rows("SELECT * FROM challenger_plans").empty
    whole.write_bytes(content)

    planned = tried.plan()
    assert (planned.returncode, planned.stderr) == (0, "")
    assert f"the challenger, pair {tried.challenger}, planned 12 series beside it" in planned.stdout
    files = {path.name: path.read_bytes() for path in folders[0].iterdir()}
    assert files == {path.name: path.read_bytes() for path in folders[1].iterdir()}, "orders as without it"
    beside = tried.rows(
        "SELECT champion, challenger, made_at = (SELECT made_at FROM plans) FROM challenger_plans"
    )
    assert beside.to_numpy().tolist() == [[tried.champion, tried.challenger, True]]
    assert tried.rows("SELECT DISTINCT model_version FROM order_lines WHERE model_version IS NOT NULL")[
        "model_version"
    ].tolist() == [tried.champion]

    # A new pair would be pushed beside, and judged against the one that serves.
    compiled = tried.call("compile", data=True)
    assert (compiled.returncode, compiled.stderr) == (0, "")
    described = str(Pipeline.FromString((tried.workspace / "pipeline" / PIPELINE_FILE).read_bytes()))
    ids = read_manifest(tried.workspace / "serving", tried.champion)["facts"]["model_ids"]
    assert r"\"canary\":true" in described
    newest = re.findall(r'key: "newest"\s+value \{.*?int_value: (\d+)', described, re.DOTALL)
    assert sorted(map(int, newest)) == sorted(ids.values())

    # Its lines are those of a plan that it makes alone.
    keys = "store_id, product_id"
    own = alone.rows(f"SELECT {keys}, method, replenishment_quantity FROM order_lines ORDER BY {keys}")
    lines = tried.rows(f"SELECT {keys}, method, replenishment_quantity FROM challenger_lines ORDER BY {keys}")
    pd.testing.assert_frame_equal(lines, own)
    means = alone.rows(f"SELECT mean FROM forecasts ORDER BY {keys}, date")["mean"].tolist()
    shadow = tried.rows(f"SELECT unnest(mean) AS mean FROM challenger_lines ORDER BY {keys}")["mean"].tolist()
    assert shadow == means

    scored = tried.call("actuals", data=True)
    assert (scored.returncode, scored.stderr) == (0, "")
    assert (
        f"challenger pair {tried.challenger} beside champion pair {tried.champion}: 1 plan(s)"
        in scored.stdout
    )
    assert (
        len(tried.rows("SELECT * FROM challenger_scores WHERE champion_cost > 0 AND challenger_cost > 0"))
        == 12
    )

    waiting = tried.call("challenger", "--explain", "--run", RUN)
    assert waiting.returncode == 4 and "nothing is decided yet: " in waiting.stdout
    assert "error (WAPE)" in waiting.stdout
    dry = tried.call("challenger", "--promote", "just so", "--dry-run")
    assert dry.returncode == 0 and f"pair {tried.challenger} would be promoted" in dry.stdout
    assert read_state(tried.workspace / "serving").stable == tried.champion
    promoted = tried.call("challenger", "--promote", "the fair begins", "--json")
    decision = PromotionDecision.model_validate_json(promoted.stdout)
    assert (promoted.returncode, decision.action) == (0, "promote") and "the fair begins" in decision.said
    assert read_state(tried.workspace / "serving").stable == tried.challenger
    kept = tried.rows("SELECT action, planning_id FROM promotion_decisions ORDER BY decision")
    assert kept.to_numpy().tolist() == [["wait", RUN], ["promote", None]]
    # Asked again, the planning run gets its answer; nobody else has anything to decide upon.
    assert tried.call("challenger", "--run", RUN).returncode == 4
    assert "there is no challenger" in tried.call("challenger").stdout
    assert "the fair begins" in tried.call("versions", config=False).stdout
    assert tried.call("rollback", config=False).returncode == 0
    assert read_state(tried.workspace / "serving").stable == tried.champion


LINE = "order_lines.csv"


def planted(tried: Tried) -> None:
    """Seven earlier plans of the same stores, a block apart and scored: both pairs' orders cost nearly the same."""
    with opened(tried.workspace / "postgres") as connections, connect(connections.writer) as connection:
        for back in range(1, 8):
            for table in ("plans", "challenger_plans", "challenger_lines"):
                connection.execute(
                    f"INSERT INTO {table} SELECT (jsonb_populate_record(t, jsonb_build_object('as_of', as_of - %s))).* "
                    f"FROM {table} t WHERE as_of = %s".encode(),
                    [back * BLOCK, tried.lived_in.first],
                )
        connection.execute(
            "INSERT INTO challenger_scores SELECT as_of, store_id, product_id, 1, 10, 10, 1, 10, 1, '{1}', 1000, "
            "1000 + 10 * (extract(day FROM as_of) - 15) FROM challenger_lines WHERE as_of < %s",
            [tried.lived_in.first],
        )


BLOCK = 20
"""Days, no fewer than the longest protection interval."""


def test_a_canary_orders_for_its_stores_until_it_is_rolled_back(
    lived_in: LivedIn, alone: Tried, tmp_path: Path
) -> None:
    versions = sorted(read_state(lived_in.small.workspace / "serving").kept)[-2:]
    tried = made(lived_in, tmp_path, versions, "promotion: {mode: challenger, canary_stores: 0.5}\n")
    with opened(tried.workspace / "postgres"):
        _ordered_for_and_rolled_back(tried, alone)


def _ordered_for_and_rolled_back(tried: Tried, alone: Tried) -> None:
    first = str(tried.lived_in.first)
    planned = tried.plan()
    assert (planned.returncode, planned.stderr) == (0, "")
    own, served, other = (
        pd.read_csv(root / "plans" / first / LINE).set_index(["store_id", "product_id"]).sort_index()
        for root in (tried.workspace, tried.lived_in.small.workspace, alone.workspace)
    )
    (store,) = canary_stores(["S01", "S02"], 0.5, tried.challenger)
    expected = pd.concat([served.drop(store), other.loc[[store]]]).sort_index()
    pd.testing.assert_frame_equal(own.drop(columns="pair_version"), expected)
    assert not own.drop(columns="pair_version").equals(served), "both pairs order the same: nothing is shown"
    of_pair = own["pair_version"].groupby("store_id").unique()
    assert of_pair.map(list).to_dict() == {
        name: [tried.challenger if name == store else tried.champion] for name in ("S01", "S02")
    }
    units = own.order_quantity[own.pair_version == tried.challenger].sum()
    assert (
        f"the challenger, pair {tried.challenger}, orders for 1 of 2 stores: 6 of 12 lines, {units:,.0f} of "
        f"{own.order_quantity.sum():,.0f} units" in planned.stdout
    )
    stored = tried.rows("SELECT store_id, product_id, pair_version, order_quantity FROM order_lines")
    stored = stored.set_index(["store_id", "product_id"]).sort_index()
    pd.testing.assert_frame_equal(stored, own[["pair_version", "order_quantity"]], check_dtype=False)
    asked = tried.call("predict", "--as-of", first, "--store", store, "--product", "P0001", data=True)
    assert f"a plan orders for {store} by the challenger, pair {tried.challenger}" in asked.stdout
    # Both pairs stay comparable: forecasts are the champion's, and both order from one shelf in every store.
    forecasts = tried.lived_in.small.workspace / "plans" / first / FORECASTS
    assert (tried.workspace / "plans" / first / FORECASTS).read_bytes() == forecasts.read_bytes()
    beside = tried.rows("SELECT store_id, canary, count(*) FROM challenger_lines GROUP BY 1, 2 ORDER BY 1")
    assert beside.to_numpy().tolist() == [[name, name == store, 6] for name in ("S01", "S02")]

    place, config = Workspace(tried.workspace), load_config(tried.config)
    now = datetime.now().astimezone()
    planted(tried)
    assert weigh(place, config, now, "test", roll_back_only=True).decision is None
    assert tried.rows("SELECT * FROM promotion_decisions").empty
    with opened(tried.workspace / "postgres") as connections, connect(connections.writer) as connection:
        dearer = "UPDATE challenger_scores SET challenger_cost = challenger_cost + 900 WHERE store_id = %s"
        connection.execute(dearer, [store])

    scored = tried.call("actuals", data=True)
    assert (scored.returncode, scored.stderr) == (0, "")
    assert f"pair {tried.challenger} is withdrawn: in the 1 store(s) that pair" in scored.stdout
    state = read_state(tried.workspace / "serving")
    assert (state.stable, state.canary, state.withdrawn) == (tried.champion, None, (tried.challenger,))
    kept = tried.rows(
        "SELECT action, name FROM promotion_decisions JOIN promotion_findings USING (decision) WHERE crossed"
    )
    assert ["withdraw", "canary_cost"] in kept.to_numpy().tolist()
    assert re.search(r"withdraw by actuals.*its orders cost \+", tried.call("versions", config=False).stdout)

    again = tried.plan()
    assert (again.returncode, again.stderr) == (0, "") and "the challenger" not in again.stdout
    after = (
        pd.read_csv(tried.workspace / "plans" / first / LINE)
        .set_index(["store_id", "product_id"])
        .sort_index()
    )
    assert after["pair_version"].eq(tried.champion).all()
    pd.testing.assert_frame_equal(after.drop(columns="pair_version"), served)


@pytest.mark.parametrize(
    ("extra", "said"),
    [(["--promote", "a", "--withdraw", "b"], "give either --promote or --withdraw"),
     (["--withdraw", "b"], "there is no challenger to withdraw"),
     (["--run", "yesterday"], "yesterday")],
)  # fmt: skip
def test_what_cannot_be_asked_is_said(tmp_path: Path, extra: list[str], said: str) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "on.yaml").write_text("promotion: {mode: challenger}\n")
    line = ["challenger", "--workspace", str(tmp_path / "w"), "--config", str(tmp_path / "on.yaml")]
    found = warm.command([*line, *extra])
    assert found.returncode == 2 and said in found.stderr
    off = warm.command(line[:3])
    assert off.returncode == 2 and "promotion.mode is not challenger" in off.stderr
