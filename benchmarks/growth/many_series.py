"""Example generation, windows and plan on 1, 4 and 16 times all of FreshRetailNet: seconds, memory, and how both grow.

    python -m benchmarks.growth.many_series --data freshretailnet/ --sizes 1,4,16

FreshRetailNet-50K has 50,000 series over 90 days. Larger sizes hold every product again under other names. Each step is
a process of its own; the pair that plans was trained on the small file of the folder. The plan is the first of its
workspace, so that the store takes in the whole past. The exponent is the slope of log(seconds) over log(series): 1 is
proportional. Processor time is what counts where other work shares the machine; ``--beside`` shows sizes that the same
code was measured on before.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks import freshretailnet
from benchmarks.growth.scale import exponent
from benchmarks.harness import freshretailnet_runs, measure
from benchmarks.harness.report import Report
from contracts.durable import replacing
from pipeline.workspace import Workspace

STEPS = ("RetailExampleGen", "Windowing", "plan")


def tile(source: Path, target: Path, copies: int) -> int:
    """Writes a folder of data with each product so many times; returns the number of its series."""
    target.mkdir(parents=True)
    shutil.copy(source / "external_factors.parquet", target)
    for name in ("products", "sales_data"):
        file = pq.ParquetFile(source / f"{name}.parquet")
        with replacing(target / f"{name}.parquet", durable=False) as temporary:
            writer: pq.ParquetWriter | None = None
            for copy in range(copies):
                for group in range(file.num_row_groups):
                    table = _renamed(file.read_row_group(group), copy)
                    writer = writer or pq.ParquetWriter(temporary, table.schema)
                    writer.write_table(table)
            assert writer is not None
            writer.close()
    sales = pq.read_table(source / "sales_data.parquet", columns=["store_id", "product_id"])
    return copies * int(sales.group_by(["store_id", "product_id"]).aggregate([]).num_rows)


def _renamed(table: pa.Table, copy: int) -> pa.Table:
    products = table["product_id"].cast(pa.string())
    names = pc.binary_join_element_wise(products, f"{copy:02d}", "-") if copy else products
    return table.set_column(table.column_names.index("product_id"), "product_id", names)


def component(which: str, data: Path, folder: Path, config_file: Path) -> None:
    """Executes RetailExampleGen, or Windowing of what that wrote, in this process."""
    import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TFX)
    from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
    from tfx.types import standard_artifacts
    from tfx.utils import json_utils

    from components.example_generation.executor import Executor as ExampleGeneration
    from components.example_generation.ingest import prepare
    from components.windowing.executor import Executor as Windowing
    from pipeline.compat import beam_arguments
    from pipeline.config import load_config
    from pipeline.inputs.as_of import last_date
    from pipeline.inputs.batch import feature_space, planned_ahead

    config = load_config(config_file)
    context = BaseBeamExecutor.Context(beam_arguments(), tmp_dir=str(folder / "tmp"), unique_id=which)
    kept = folder / "rows.json"
    if which == STEPS[0]:
        rows = standard_artifacts.Examples()
        rows.uri = str(folder / "rows")
        properties = {
            "input_folder": str(data),
            "options": config.data.model_dump_json(),
            "review_period": config.windows.review_period,
            "fingerprint": "benchmark",
            "span": 1,
            "version": 1,
            "quarantine_folder": str(folder / "quarantine"),
        }
        Path(rows.uri).mkdir()
        ExampleGeneration(context).Do({}, {"examples": [rows]}, properties)
        kept.write_text(json_utils.dumps(rows))
        return
    windows, schema = standard_artifacts.Examples(), standard_artifacts.Schema()
    windows.uri, schema.uri = str(folder / "windows"), str(folder / "schema")
    prepared = prepare(data, config.data, config.windows.review_period)
    space = feature_space(prepared, config, planned_ahead(prepared, config, last_date(data, config)))
    Windowing(context).Do(
        {"examples": [json_utils.loads(kept.read_text())], "gate": []},
        {"windows": [windows], "schema": [schema]},
        {"feature_space": space.to_json(), "options": config.windows.model_dump_json()},
    )


def steps(data: Path, folder: Path, config: Path, serving: Path) -> dict[str, measure.Measured]:
    """What each step takes, by its name; folders go as soon as no other step reads them."""
    own = [sys.executable, "-m", "benchmarks.growth.many_series", "--only"]
    found = {}
    for which in STEPS[:2]:
        command = [*own, which, str(data), str(folder), str(config)]
        found[which] = measure.command(command, os.environ, folder / f"{which}.log")
    for done in ("rows", "windows"):
        shutil.rmtree(folder / done)
    workspace = folder / "workspace"
    workspace.mkdir()
    shutil.copytree(serving, workspace / "serving", symlinks=True)
    plan = [sys.executable, "-m", "pipeline", "plan", "--data", str(data), "--workspace", str(workspace)]
    found[STEPS[2]] = measure.command(
        [*plan, "--config", str(config)], os.environ, folder / f"{STEPS[2]}.log"
    )
    return found


def main() -> None:
    """Prints two tables and writes results/many_series.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with small.parquet and full.parquet")
    parser.add_argument("--sizes", default="1,4,16", help="how many times all series")
    parser.add_argument("--beside", type=Path, help="results of other sizes, to be shown in the same tables")
    parser.add_argument("--only", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        which, *paths = options.only
        component(which, *map(Path, paths))
        return
    if options.data is None:
        parser.error("--data names the folder of FreshRetailNet's files")
    taken = _taken(options.beside) if options.beside else {}
    with tempfile.TemporaryDirectory(prefix="many-series-") as name:
        folder = Path(name)
        (folder / "pair").mkdir()
        pair = freshretailnet_runs.run(options.data / "small.parquet", folder / "pair")
        serving, config = Workspace(pair.workspace).serving, folder / "pair" / "config.yaml"
        freshretailnet.convert(options.data / "full.parquet", folder / "once")
        for size in map(int, options.sizes.split(",")):
            place = folder / str(size)
            series = tile(folder / "once", place / "data", size)
            taken[series] = steps(place / "data", place, config, serving)
            shutil.rmtree(place)
    _report(taken)


def _taken(results: Path) -> dict[int, dict[str, measure.Measured]]:
    steps_of = json.loads(results.read_text())["steps"]
    return {
        int(series): {step: measure.Measured(**found) for step, found in of.items()}
        for series, of in steps_of.items()
    }


def _texts(taken: measure.Measured) -> tuple[str, str, str]:
    return f"{taken.seconds:.1f}", f"{taken.processor_seconds:.1f}", f"{taken.peak_gib:.2f}"


def _report(taken: dict[int, dict[str, measure.Measured]]) -> None:
    taken = dict(sorted(taken.items()))
    report = Report("many_series")
    report.table(
        "Many series of 90 days",
        ["series", *(text for step in STEPS for text in (f"{step}, s", "processor s", "peak GiB"))],
        [
            [f"{series:,}", *(text for taken in of.values() for text in _texts(taken))]
            for series, of in taken.items()
        ],
    )
    sizes = list(taken)
    grows = {
        step: {
            "time": exponent(sizes, [of[step].seconds for of in taken.values()]),
            "processor_time": exponent(sizes, [of[step].processor_seconds for of in taken.values()]),
            "memory": exponent(sizes, [of[step].peak_gib for of in taken.values()]),
        }
        for step in STEPS
        if len(sizes) > 1
    }
    report.table(
        "How they grow, exponents",
        ["", "time", "processor time", "memory"],
        [[step, *(f"{slope:.2f}" for slope in grown.values())] for step, grown in grows.items()],
    )
    steps_of: dict[str, Any] = {
        str(series): {
            step: {"seconds": m.seconds, "processor_seconds": m.processor_seconds, "peak_gib": m.peak_gib}
            for step, m in of.items()
        }
        for series, of in taken.items()
    }
    report.write({"steps": steps_of, "exponents": grows})


if __name__ == "__main__":
    main()
