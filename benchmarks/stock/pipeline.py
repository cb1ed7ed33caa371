"""A stock TFX pipeline over one flat CSV: the yardstick for our own pipeline's speed.

CsvExampleGen, StatisticsGen, SchemaGen, ExampleValidator, Transform, one Trainer of 300 steps, an Evaluator
with three slicing specs and a Pusher, on LocalDagRunner with Beam in memory (on two cores more workers are
slower).

    python -m benchmarks.stock.pipeline --rows 200000
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.harness import measure, rows
from benchmarks.harness.report import Report

TRAIN_STEPS = 300
EVAL_STEPS = 40
# Named in full: newer Beam releases otherwise look for a Prism binary to download.
IN_MEMORY = [
    "--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner",
    "--direct_running_mode=in_memory",
    "--direct_num_workers=1",
]


def run(data: Path, workspace: Path) -> None:
    """Runs the pipeline in this process; ``data`` is a folder with one CSV."""
    # Here and not above: the parent that only measures must stay small and start at once.
    import absl.logging
    from tensorflow_model_analysis.proto import config_pb2 as tfma
    from tfx import v1 as tfx

    absl.logging.set_verbosity(absl.logging.WARNING)
    logging.getLogger().setLevel(logging.WARNING)
    split = tfx.proto.SplitConfig.Split
    splits = [split(name="train", hash_buckets=4), split(name="eval", hash_buckets=1)]
    examples = tfx.components.CsvExampleGen(
        input_base=str(data),
        output_config=tfx.proto.Output(split_config=tfx.proto.SplitConfig(splits=splits)),
    )
    statistics = tfx.components.StatisticsGen(examples=examples.outputs["examples"])
    schema = tfx.components.SchemaGen(statistics=statistics.outputs["statistics"])
    validator = tfx.components.ExampleValidator(
        statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"]
    )
    transform = tfx.components.Transform(
        examples=examples.outputs["examples"],
        schema=schema.outputs["schema"],
        preprocessing_fn="benchmarks.stock.model.preprocessing_fn",
    )
    trainer = tfx.components.Trainer(
        run_fn="benchmarks.stock.model.run_fn",
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema.outputs["schema"],
        train_args=tfx.proto.TrainArgs(num_steps=TRAIN_STEPS),
        eval_args=tfx.proto.EvalArgs(num_steps=EVAL_STEPS),
    )
    threshold = tfma.MetricThreshold(value_threshold=tfma.GenericValueThreshold(upper_bound={"value": 1e9}))
    evaluator = tfx.components.Evaluator(
        examples=examples.outputs["examples"],
        model=trainer.outputs["model"],
        eval_config=tfma.EvalConfig(
            model_specs=[tfma.ModelSpec(signature_name="serving_default", label_key="units_sold")],
            slicing_specs=[
                tfma.SlicingSpec(),
                tfma.SlicingSpec(feature_keys=["store_id"]),
                tfma.SlicingSpec(feature_keys=["category"]),
            ],
            metrics_specs=[
                tfma.MetricsSpec(
                    metrics=[
                        tfma.MetricConfig(class_name="MeanAbsoluteError", threshold=threshold),
                        tfma.MetricConfig(class_name="MeanSquaredError"),
                        tfma.MetricConfig(class_name="ExampleCount"),
                    ]
                )
            ],
        ),
    )
    pusher = tfx.components.Pusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        push_destination=tfx.proto.PushDestination(
            filesystem=tfx.proto.PushDestination.Filesystem(base_directory=str(workspace / "serving"))
        ),
    )
    pipeline = tfx.dsl.Pipeline(
        pipeline_name="stock",
        pipeline_root=str(workspace / "artifacts"),
        components=[examples, statistics, schema, validator, transform, trainer, evaluator, pusher],
        metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config(
            str(workspace / "metadata.sqlite")
        ),
        beam_pipeline_args=IN_MEMORY,
    )
    tfx.orchestration.LocalDagRunner().run(pipeline)
    if not list((workspace / "serving").glob("*/saved_model.pb")):
        raise RuntimeError("The stock pipeline ended without a pushed model.")


def measured(csv_folder: Path, workspace: Path, keras: int) -> measure.Measured:
    """Runs the stock pipeline in a process of its own.

    With ``keras=2`` the variable stays unset, and Transform switches TensorFlow to tf_keras: what TFX's own
    templates get. ``keras=3`` spares about 14 s of the Trainer on two cores.
    """
    environment = {name: value for name, value in os.environ.items() if name != "TF_USE_LEGACY_KERAS"}
    if keras == 3:
        environment["TF_USE_LEGACY_KERAS"] = "0"
    environment.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    command = [sys.executable, "-m", "benchmarks.stock.pipeline", "--only", str(csv_folder), str(workspace)]
    return measure.command(command, environment, log=workspace.parent / "stock.log")


def main() -> None:
    """Measures the stock pipeline alone and prints its components' seconds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--keras", type=int, choices=(2, 3), default=2)
    parser.add_argument("--only", nargs=2, metavar=("CSV_FOLDER", "WORKSPACE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        run(Path(options.only[0]), Path(options.only[1]))
        return
    with tempfile.TemporaryDirectory(prefix="stock-pipeline-") as folder:
        data = rows.sample_data(Path(folder) / "data", options.rows)
        count = rows.flat_csv(data, Path(folder) / "csv" / "rows.csv")
        workspace = Path(folder) / "workspace"
        taken = measured(Path(folder) / "csv", workspace, options.keras)
        seconds = measure.component_seconds(workspace / "metadata.sqlite")
    lines = [[name, f"{value:.1f}"] for name, value in seconds.items()]
    lines.append(["start-up and gaps", f"{taken.seconds - sum(seconds.values()):.1f}"])
    lines.append(["whole", f"{taken.seconds:.1f}"])
    report = Report("stock_pipeline")
    report.table(f"Stock TFX pipeline, {count:,} rows, peak {taken.peak_gib:.2f} GiB", ["", "seconds"], lines)
    report.write(
        {
            "rows": count,
            "keras": options.keras,
            "seconds": taken.seconds,
            "peak_gib": taken.peak_gib,
            "components": seconds,
        },
    )


if __name__ == "__main__":
    main()
