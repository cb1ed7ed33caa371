"""The component on Beam and TFX: the rows of the plain function, and nothing left behind by a failure."""

import json
from datetime import date, timedelta
from pathlib import Path

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from ml_metadata.proto import metadata_store_pb2
from tfx import types
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.orchestration import metadata, pipeline
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, standard_artifacts

from components.example_generation import stages
from components.example_generation.component import RetailExampleGen
from components.example_generation.executor import Executor
from components.example_generation.folder import read_folder, read_rows
from components.example_generation.ingest import prepare
from components.example_generation.joining.products import of_products
from components.example_generation.options import DataOptions
from components.example_generation.report import IngestReport
from contracts import files
from contracts.dates import to_days
from contracts.errors import DataRejected, UserError
from contracts.rows import read_flat, read_shard
from pipeline.compat import beam_arguments
from pipeline.sample_data.files import write_sample_data
from tests.components.example_generation.folders import good_folder, write_csv, write_folder

OPTIONS = DataOptions(shards=5, target_fill_rate=0.95)
SORTING = [("store_id", "ascending"), ("product_id", "ascending"), ("date", "ascending")]


def run_executor(
    folder: Path, out: Path, options: DataOptions, quarantine: Path | None = None
) -> types.Artifact:
    examples = standard_artifacts.Examples()
    examples.uri = str(out)
    context = base_beam_executor.BaseBeamExecutor.Context(
        beam_pipeline_args=beam_arguments(), tmp_dir=str(out.parent / "tmp"), unique_id="1"
    )
    properties = {
        "input_folder": str(folder),
        "options": options.model_dump_json(),
        "review_period": 7,
        "fingerprint": "0123",
        "span": 3,
        "version": 2,
        "quarantine_folder": None if quarantine is None else str(quarantine),
    }
    Executor(context).Do({}, {"examples": [examples]}, properties)
    return examples


def shard_tables(out: Path) -> list[pa.Table]:
    return [read_shard(path) for path in sorted((out / "Split-all").iterdir())]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample_data(folder, stores=2, products=9, periods=60)
    return folder


@pytest.fixture(scope="module")
def artifact(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> types.Artifact:
    return run_executor(sample, tmp_path_factory.mktemp("artifact") / "out", OPTIONS)


def test_the_shards_hold_the_rows_of_the_plain_function(artifact: types.Artifact, sample: Path) -> None:
    expected, report = read_rows(sample, OPTIONS)
    found = pa.concat_tables(shard_tables(Path(artifact.uri))).sort_by(SORTING)
    assert found.combine_chunks().equals(expected.combine_chunks())
    written = IngestReport.model_validate_json(Path(artifact.uri, files.INGEST).read_text())
    assert written == report


def test_a_series_lies_in_one_shard_in_order(artifact: types.Artifact) -> None:
    seen: set[tuple[str, str]] = set()
    for table in shard_tables(Path(artifact.uri)):
        assert table.sort_by(SORTING).equals(table)
        series = set(zip(table["store_id"].to_pylist(), table["product_id"].to_pylist(), strict=True))
        assert not seen & series
        seen |= series
    assert len(seen) == 18


def test_the_files_are_named_by_shard_and_hold_lists_of_one_value(artifact: types.Artifact) -> None:
    assert sorted(p.name for p in Path(artifact.uri).iterdir()) == sorted(
        ["Split-all", files.INGEST, files.FUTURE_EXTERNAL, files.FUTURE_PLAN]
    )
    for path in Path(artifact.uri, "Split-all").iterdir():
        assert path.name in {f"rows-{n:05d}-of-00005.parquet" for n in range(5)}
        table = pq.read_table(path)
        for column in table.columns:
            assert pa.types.is_list(column.type)
            assert set(pc.list_value_length(column).to_pylist()) <= {1, None}


def test_what_rows_do_not_hold_of_products_is_kept_beside_them(tmp_path: Path) -> None:
    content = good_folder()
    content["products"] |= {"store_id": ["", "S2"], "follows": ["", "A"], "active_until": ["2024-01-02", ""]}
    artifact = run_executor(write_folder(tmp_path / "in", content), tmp_path / "out", DataOptions())
    assert of_products(artifact.uri, "follows") == {"": {}, "S2": {"B": "A"}}
    assert of_products(artifact.uri, "active_until") == {"": {"A": to_days(date(2024, 1, 2))}}


def test_the_artifact_tells_what_it_is(artifact: types.Artifact) -> None:
    assert artifact_utils.decode_split_names(artifact.split_names) == ["all"]
    assert (artifact.span, artifact.version) == (3, 2)
    assert examples_utils.get_payload_format(artifact) == example_gen_pb2.PayloadFormat.FORMAT_PARQUET
    properties = {
        name: artifact.get_string_custom_property(name)
        for name in ("fingerprint", "first_date", "last_date", "rows", "series")
    }
    rows = sum(table.num_rows for table in shard_tables(Path(artifact.uri)))
    assert properties == {
        "fingerprint": "0123",
        "first_date": "2024-01-01",
        "last_date": "2024-02-29",
        "rows": str(rows),
        "series": "18",
    }
    assert json.loads(artifact.get_string_custom_property("report"))["rows"] == rows


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_weekly_data_with_bad_rows_equals_the_plain_function(form: str, tmp_path: Path) -> None:
    content = good_folder(step=7)
    content["sales_data"]["units_sold"][4] = -1
    content["sales_data"]["date"][7] = "2024-01-09"
    for values in content["inventory_levels"].values():
        values.append(values[0])
    folder = write_folder(tmp_path / "in", content, form)
    options = DataOptions(frequency="W", quarantine=0.3, shards=3)
    run_executor(folder, tmp_path / "out", options, tmp_path / "beam")

    read = read_folder(folder, options, tmp_path / "plain")
    expected, report = read.rows, read.report

    found = pa.concat_tables(shard_tables(tmp_path / "out")).sort_by(SORTING)
    assert found.combine_chunks().equals(expected.combine_chunks())
    assert IngestReport.model_validate_json((tmp_path / "out" / files.INGEST).read_text()) == report
    plain = {p.name: p.read_bytes() for p in (tmp_path / "plain").iterdir()}
    assert {p.name: p.read_bytes() for p in (tmp_path / "beam").iterdir()} == plain
    assert sorted(plain) == ["inventory_levels.csv", "sales_data.csv"]


def test_stores_that_end_apart_and_slips_equal_the_plain_function(tmp_path: Path) -> None:
    """What a shard must know of the others goes through the workers' reports."""
    days = [(date(2024, 1, 1) + timedelta(days=n)).isoformat() for n in range(40)]
    keys = [
        (day, store, f"P{n}")
        for index, day in enumerate(days) for store in ("S0", "S1", "S2") for n in range(9)
        # S1 closes early; every product but the first rests now and then, the last for good.
        if (store != "S1" or index < 25) and (n == 0 or (index + n) % 4) and (n < 8 or index < 10)
    ]  # fmt: skip
    keys += [("2024-03-20", "S0", "P1"), ("2013-01-05", "S2", "P2")]
    columns = dict(zip(("date", "store_id", "product_id"), map(list, zip(*keys, strict=True)), strict=True))
    sales = {**columns, "units_sold": [n % 5 for n in range(len(keys))]}
    stock = {**columns, "on_hand": [n % 7 - 1 for n in range(len(keys))]}
    folder = write_folder(tmp_path / "in", {"sales_data": sales, "inventory_levels": stock})
    options = DataOptions(quarantine=0.01, shards=4)
    run_executor(folder, tmp_path / "out", options, tmp_path / "beam")

    read = read_folder(folder, options, tmp_path / "plain")

    found = pa.concat_tables(shard_tables(tmp_path / "out")).sort_by(SORTING)
    assert found.combine_chunks().equals(read.rows.combine_chunks())
    assert IngestReport.model_validate_json((tmp_path / "out" / files.INGEST).read_text()) == read.report
    assert read.report.rejected_rows == {"sales_data": 2, "inventory_levels": 2}
    ends = read.rows.group_by(["store_id", "product_id"]).aggregate([("date", "max")])
    by_store = {row["store_id"]: row["date_max"] - 19723 for row in ends.to_pylist()}
    assert by_store == {"S0": 39, "S1": 24, "S2": 39} and ends.num_rows == 27

    flat, scratch = tmp_path / "flat", tmp_path / "scratch"
    flat.mkdir()
    scratch.mkdir()
    with beam.Pipeline(options=PipelineOptions(beam_arguments())) as line:
        stages.build(line, prepare(folder, options, 7), str(flat), str(scratch), "arrow")
    stock = pa.concat_tables([read_flat(path) for path in sorted(flat.glob("stock-*"))])
    assert stock.sort_by(SORTING[:2]).combine_chunks().equals(read.stock.combine_chunks())


def test_the_refusal_is_that_of_the_plain_function(tmp_path: Path) -> None:
    content = good_folder()
    content["sales_data"]["units_sold"][4] = -1
    content["products"]["pack_size"][0] = 0
    for name in ("sales_data", "inventory_levels"):
        for values in content[name].values():
            values.append(values[2])
    folder = write_folder(tmp_path / "in", content)

    with pytest.raises(DataRejected) as plain:
        read_rows(folder)
    with pytest.raises(DataRejected) as beam:
        run_executor(folder, tmp_path / "out", DataOptions(), tmp_path / "quarantine")

    assert sorted(map(str, beam.value.problems)) == sorted(map(str, plain.value.problems))
    assert len(beam.value.problems) == 4
    assert not (tmp_path / "quarantine").exists()


def test_without_sales_the_other_files_are_checked_all_the_same(tmp_path: Path) -> None:
    content = good_folder()
    del content["sales_data"]
    content["inventory_levels"]["on_order"][0] = -1
    with pytest.raises(DataRejected) as refusal:
        run_executor(write_folder(tmp_path / "in", content), tmp_path / "out", DataOptions())
    assert {p.rule for p in refusal.value.problems} == {"missing_file", "negative_on_order"}


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(DataRejected, match="no such file"):
        run_executor(tmp_path / "in", tmp_path / "out", DataOptions())


def test_a_missing_folder_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no folder"):
        run_executor(tmp_path / "missing", tmp_path / "out", DataOptions())


def run_pipeline(workspace: Path, folder: Path, quarantine: bool = True) -> None:
    example_gen = RetailExampleGen(
        input_folder=str(folder),
        options=DataOptions(shards=4, quarantine=0.5),
        review_period=7,
        fingerprint="0123",
        span=1,
        version=1,
        quarantine_folder=str(workspace / "quarantine") if quarantine else None,
        code="4567" if quarantine else None,
    )
    LocalDagRunner().run(
        pipeline.Pipeline(
            pipeline_name="rows",
            pipeline_root=str(workspace / "artifacts"),
            metadata_connection_config=metadata.sqlite_metadata_connection_config(
                str(workspace / "metadata.sqlite")
            ),
            components=[example_gen],
            enable_cache=True,
            beam_pipeline_args=beam_arguments(),
        )
    )


def last_states(workspace: Path) -> list[int]:
    config = metadata.sqlite_metadata_connection_config(str(workspace / "metadata.sqlite"))
    with metadata.Metadata(config) as handle:
        return [execution.last_known_state for execution in handle.store.get_executions()]


def test_a_run_of_tfx_is_cached_the_second_time(sample: Path, tmp_path: Path) -> None:
    run_pipeline(tmp_path, sample, quarantine=False)
    run_pipeline(tmp_path, sample, quarantine=False)
    execution = metadata_store_pb2.Execution
    assert last_states(tmp_path) == [execution.COMPLETE, execution.CACHED]
    assert len(list((tmp_path / "artifacts").rglob("rows-*.parquet"))) == 4


def test_a_failure_in_the_middle_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = good_folder()
    content["sales_data"]["units_sold"][4] = -1
    folder = write_folder(tmp_path / "in", content)
    written: list[str] = []

    def write_one_then_fail(table: pa.Table, path: str) -> None:
        if written:
            Path(path).write_bytes(b"half a shard")
            raise OSError("no space left")
        written.append(path)
        Path(path).write_bytes(b"a shard")

    monkeypatch.setattr(stages, "write_shard", write_one_then_fail)
    with pytest.raises(Exception, match="no space left"):
        run_pipeline(tmp_path, folder)

    assert written
    assert [p for p in (tmp_path / "artifacts").rglob("*") if p.is_file()] == []
    assert not (tmp_path / "quarantine").exists()
    assert last_states(tmp_path) == [metadata_store_pb2.Execution.FAILED]

    monkeypatch.undo()
    write_csv(folder / "sales_data.csv", good_folder()["sales_data"])
    run_pipeline(tmp_path, folder)
    assert last_states(tmp_path)[-1] == metadata_store_pb2.Execution.COMPLETE
