"""What the demand watch finds of what is planted, and how often it cries wolf, beside two peers.

    python -m benchmarks.gates.demand_watch [--stores 8] [--products 40] [--days 500] [--data small.parquet]

The watch is trained on made-up data whose newest four weeks it does not see, as in a run. These weeks are taken to be
clean; into the newest two of them each kind is planted alone, in a twentieth of the series, of those that sell enough
for it to show, a frozen feed in one store. Recall is the share of what is planted that is found in any way, and, in
brackets, that is given its right name; precision is the share of the found series that something was planted in.

The peers are a seasonal z-score (against the same weekday's last eight weeks: the largest of a span, or its sum,
whichever is the stranger) and pyod's ECOD and isolation forest on features of these scores. They know no level from
which a score counts: each is given the one at which it has as many false alarms in the clean weeks before as the watch.
Neither they nor their features know of promotions and prices, which the watch reads.
With ``--data``, false alarms are counted on FreshRetailNet too, where nobody knows what really happened.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmarks import freshretailnet
from benchmarks.accuracy import PEERS_PYTHON, REPOSITORY
from benchmarks.gates.planting import PLANTED, plant
from benchmarks.harness import freshretailnet_runs
from benchmarks.harness.report import Report
from components.example_generation.folder import read_prepared
from components.example_generation.ingest import prepare
from components.policy_comparison.predicting import load_raw
from contracts import files
from contracts.arrays import Flags, Floats
from contracts.rows import write_flat
from contracts.splits import EVAL, REFIT, TEST, TRAIN, split_folder
from inventory.detection.calibration import Calibration
from inventory.detection.kinds import KINDS, Kind
from inventory.detection.watching import Finding, Span, watch
from pipeline.config import Config, load_config
from pipeline.orders.watching.scoring import scored_span
from pipeline.orders.windows import write_windows
from pipeline.sample_data.files import write_sample_data
from trainers.dataset import matching_files
from trainers.demand_watch.evaluate import evaluate
from trainers.demand_watch.train import train
from trainers.options import WatchOptions
from trainers.task import Task
from trainers.transform_graph import analyse
from transforms.features import FeatureSpace

OURS = "demand watch"
WEEKS = 8
"""Of history that the z-scores are taken against."""


@dataclass(frozen=True)
class Watched:
    """A span with the history before it, [N, 8 weeks]; NaN where unknown."""

    span: Span
    history: Floats


def main() -> None:
    """Trains, plants, prints the tables and writes the results."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stores", type=int, default=8)
    parser.add_argument("--products", type=int, default=40)
    parser.add_argument("--days", type=int, default=500)
    parser.add_argument("--data", type=Path, help="a part of FreshRetailNet")
    given = parser.parse_args()
    if not PEERS_PYTHON.exists():
        parser.exit(2, "The peers' environment is missing: run `make bench-setup`\n")
    report = Report("demand_watch")
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="watch-") as name:
        data = Path(name) / "sample"
        write_sample_data(data, stores=given.stores, products=given.products, periods=given.days, seed=7)
        before, newest, calibration, metrics = trained(data, Config(), Path(name))
        results["sample"] = compare(report, before, newest, calibration, Path(name)) | {"metrics": metrics}
        if given.data is not None:
            source = Path(name) / "public"
            freshretailnet.convert(given.data, source)
            config = load_config(freshretailnet_runs.CONFIG)
            held_out = config.windows.model_copy(update={"test_periods": 2 * config.windows.horizon})
            before, newest, calibration, metrics = trained(
                source, config.model_copy(update={"windows": held_out}), Path(name)
            )
            results["freshretailnet"] = quiet(report, [before, newest], calibration) | {"metrics": metrics}
    report.write(results)


def trained(
    data: Path, config: Config, scratch: Path
) -> tuple[Watched, Watched, Calibration, dict[str, float]]:
    """The two newest spans, as a watch that was trained before them forecast them, its calibration and metrics."""
    windows, model = scratch / f"windows of {data.name}", scratch / f"watch of {data.name}"
    write_windows(data, windows, config, lambda _: None)
    space = FeatureSpace.from_json((windows / files.FEATURE_SPACE).read_text())
    split = {
        name: matching_files(str(windows / split_folder(name) / "*")) for name in (TRAIN, EVAL, REFIT, TEST)
    }
    graph = analyse(split[TRAIN], space, str(scratch / f"graph of {data.name}"))
    train(Task(split[TRAIN], split[EVAL], graph, space, str(model), split[REFIT]), WatchOptions(enabled=True))
    rows = read_prepared(prepare(data, config.data, config.windows.review_period)).rows
    last, ask = int(pc.max(rows["date"]).as_py()), load_raw(str(model))
    spans = []
    for back in (space.horizon, 0):
        shard = str(scratch / f"{data.name} {back}")
        write_flat(rows.filter(pc.less_equal(rows["date"], last - back)), shard)
        found = scored_span([shard], space, config.windows, ask)
        assert found is not None
        span, calibration = found
        spans.append(Watched(span, _history(rows, span)))
    return spans[0], spans[1], calibration, evaluate(str(model), split[TEST], space)


def compare(
    report: Report, before: Watched, newest: Watched, calibration: Calibration, scratch: Path
) -> dict[str, Any]:
    """Recall and precision of each kind, ours and the peers'."""
    rate = WatchOptions().false_discoveries
    alarms = found_series(before.span, watch(before.span, calibration, rate))
    cases = {"before": before, "clean": newest}
    planted: dict[Kind, Flags] = {}
    for number, kind in enumerate(PLANTED):
        rng = np.random.default_rng(number)
        span, planted[kind] = plant(newest.span, kind, rng)
        cases[kind] = replace(newest, span=span)
    scores = peers({name: z_scores(case) for name, case in cases.items()}, scratch)
    levels = {peer: np.sort(found["before"])[-max(alarms.sum(), 1)] for peer, found in scores.items()}
    lines, kinds = [], {}
    for kind, there in planted.items():
        case = cases[kind].span
        findings = watch(case, calibration, rate)
        flagged = {OURS: found_series(case, findings)}
        flagged |= {peer: found[kind] >= levels[peer] for peer, found in scores.items()}
        named = found_series(case, [one for one in findings if one.kind == kind]) & there
        each = {
            name: {
                "recall": float((found & there).sum() / there.sum()),
                "precision": float((found & there).sum() / max(found.sum(), 1)),
            }
            for name, found in flagged.items()
        }
        right = float(named.sum() / there.sum())
        kinds[kind] = {"planted": int(there.sum()), "named": right, "methods": each}
        cells = [
            f"{one['recall']:.0%}{f' ({right:.0%})' if name == OURS else ''} / {one['precision']:.0%}"
            for name, one in each.items()
        ]
        lines.append([kind.replace("_", " "), str(there.sum()), *cells])
    report.table(
        f"{len(newest.span.units):,} series, 14 days: recall / precision, by what is planted",
        ["", "planted", OURS, *scores],
        lines,
    )
    for kind, text in PLANTED.items():
        report.note(f"{kind.replace('_', ' ')}: {text}")
    clean = {OURS: found_series(newest.span, watch(newest.span, calibration, rate))}
    clean |= {peer: found["clean"] >= levels[peer] for peer, found in scores.items()}
    days = newest.span.units.shape[1]
    alarms_of = {name: 1000 * float(found.mean()) / days for name, found in clean.items()}
    report.note(
        f"false alarms of 1,000 series-days: {1000 * float(alarms.mean()) / days:.2f} of each in the two clean weeks "
        "that the peers' levels are set by; in the next two "
        + ", ".join(f"{value:.2f} of {name}" for name, value in alarms_of.items())
    )
    return {"kinds": kinds, "false_alarms": alarms_of}


def quiet(report: Report, spans: list[Watched], calibration: Calibration) -> dict[str, Any]:
    """Findings of spans that nothing was planted into, by kind, of 1,000 series-days."""
    rate = WatchOptions().false_discoveries
    days = sum(int(each.span.judged.sum()) for each in spans)
    found = [one for each in spans for one in watch(each.span, calibration, rate) if one.level == "series"]
    counts = {kind: 1000 * sum(one.kind == kind for one in found) / days for kind in KINDS}
    length = sum(len(each.span.dates) for each in spans)
    report.table(
        f"FreshRetailNet, {len(spans[0].span.units):,} series, {length} days that the watch was not trained on",
        [
            "findings of series, of 1,000 fully stocked series-days",
            "all",
            *(k.replace("_", " ") for k in KINDS),
        ],
        [["", f"{sum(counts.values()):.2f}", *(f"{value:.2f}" for value in counts.values())]],
    )
    return {"series_days": days, "by_kind": counts}


def found_series(span: Span, findings: list[Finding]) -> Flags:
    """Series that a finding is about, by itself or as one of a store whose feed stands still."""
    found = np.zeros(len(span.store), bool)
    for one in findings:
        if one.level == "series":
            found |= (span.store == one.store) & (span.product == one.product)
        elif one.kind == "frozen_feed":
            found |= span.store == one.store
    return found


def z_scores(case: Watched) -> Floats:
    """Scores of each day of the span, [N, H], against the mean and deviation of the same weekday before."""
    horizon = case.span.units.shape[1]
    by_weekday = case.history.reshape(len(case.history), WEEKS, 7)
    with np.errstate(all="ignore"):
        mean = np.nan_to_num(np.nanmean(by_weekday, axis=1))
        deviation = np.nanstd(case.history.reshape(len(case.history), -1) - np.tile(mean, WEEKS), axis=1)
    spread = np.maximum(np.nan_to_num(deviation), 0.5)[:, None]
    expected = np.tile(mean, -(-horizon // 7))[:, :horizon]
    return np.where(case.span.judged, (case.span.units - expected) / spread, 0.0)


def peers(scores: Mapping[str, Floats], scratch: Path) -> dict[str, dict[str, Floats]]:
    """By peer and case the strangeness of each series, [N]."""
    plain = {
        name: np.maximum(np.abs(z).max(axis=1), np.abs(z.sum(axis=1)) / np.sqrt(z.shape[1]))
        for name, z in scores.items()
    }
    given, made = scratch / "features.npz", scratch / "scores.npz"
    np.savez(given, **{name: features(z) for name, z in scores.items()})
    command = [str(PEERS_PYTHON), "-m", "benchmarks.peers.anomalies", str(given), str(made)]
    subprocess.run(command, check=True, cwd=REPOSITORY, env={"PATH": os.defpath, "HOME": str(scratch)})
    found: dict[str, dict[str, Floats]] = {"seasonal z-score": plain}
    with np.load(made) as arrays:
        for key in arrays.files:
            peer, _, case = key.rpartition(" ")
            found.setdefault(peer, {})[case] = arrays[key]
    return found


def features(z: Floats) -> Floats:
    """What is strange of a span in one row a series, [N, 7]."""
    half = z.shape[1] // 2
    trend = np.linspace(-1, 1, z.shape[1])
    still = (np.diff(z, axis=1) == 0).sum(axis=1)
    columns = (
        z.max(axis=1),
        z.min(axis=1),
        z.mean(axis=1),
        z[:, half:].mean(axis=1),
        z @ trend,
        z.std(axis=1),
        still,
    )
    return np.stack(columns, axis=1)


def _history(rows: pa.Table, span: Span) -> NDArray[np.float64]:
    """Units of the eight weeks before a span, [N, 56]; NaN where unknown or out of stock."""
    first = int(span.dates[0])
    frame = rows.select(["store_id", "product_id", "date", "units_sold", "in_stock"]).to_pandas()
    frame = frame[(frame["date"] < first) & (frame["date"] >= first - 7 * WEEKS)]
    frame.loc[frame["in_stock"] < 1, "units_sold"] = np.nan
    wide = frame.pivot(index=["store_id", "product_id"], columns="date", values="units_sold")
    wide = wide.reindex(columns=range(first - 7 * WEEKS, first))
    return np.asarray(wide.reindex(list(zip(span.store, span.product, strict=True))).to_numpy(np.float64))


if __name__ == "__main__":
    main()
