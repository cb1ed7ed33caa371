"""The executor of RetailExampleGen: Beam does the work, this makes an artifact of it or refuses the data."""

import json
import logging
import os
import tempfile
from pathlib import Path
from typing import Any

from tfx import types
from tfx.components.util import examples_utils
from tfx.dsl.components.base import base_beam_executor
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils

from components.example_generation import stages
from components.example_generation.checks.quarantine import write_quarantine
from components.example_generation.ingest import finish, prepare
from components.example_generation.joining.future import known_future
from components.example_generation.joining.products import by_store
from components.example_generation.options import DataOptions
from components.example_generation.report import log_reading
from contracts import files, properties
from contracts.rows import SPLIT

LOG = logging.getLogger(__name__)


class Executor(base_beam_executor.BaseBeamExecutor):
    """Reads, checks and joins a retailer's folder into an Examples artifact of Parquet shards."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Write the rows, the report and the artifact's properties.

        Raises:
            UserError: there is no such folder.
            DataRejected: the data breaks the contract; every problem of every file is in it.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        options = DataOptions.model_validate_json(exec_properties["options"])
        examples = artifact_utils.get_single_instance(output_dict["examples"])
        examples.split_names = artifact_utils.encode_split_names([SPLIT])
        folder = artifact_utils.get_split_uri([examples], SPLIT)
        os.makedirs(folder, exist_ok=True)

        prepared = prepare(exec_properties["input_folder"], options, exec_properties["review_period"])
        # A worker that wakes after the end may still write there.
        with tempfile.TemporaryDirectory(prefix=".", dir=examples.uri, ignore_cleanup_errors=True) as scratch:
            with self._make_beam_pipeline() as pipeline:
                stages.build(pipeline, prepared, folder, scratch)
            parts = stages.read_report(scratch)
        report, whole, calendar = finish(prepared, parts)
        known_future(prepared.small, options, calendar).write(examples.uri)

        quarantine = exec_properties.get("quarantine_folder")
        if quarantine:
            write_quarantine(Path(quarantine), whole.quarantined)
        Path(examples.uri, files.INGEST).write_text(report.model_dump_json(indent=2), encoding="utf-8")
        for column, name in files.OF_PRODUCTS.items():
            said = by_store(prepared.small.products, column)
            if any(said.values()):
                Path(examples.uri, name).write_text(json.dumps(said), encoding="utf-8")
        examples_utils.set_payload_format(examples, example_gen_pb2.PayloadFormat.FORMAT_PARQUET)
        examples.span = exec_properties["span"]
        examples.version = exec_properties["version"]
        for name, value in (
            (properties.FINGERPRINT, exec_properties["fingerprint"]),
            (properties.FIRST_DATE, report.first_date.isoformat()),
            (properties.LAST_DATE, report.last_date.isoformat()),
            (properties.ROWS, str(report.rows)),
            (properties.SERIES, str(report.series)),
            (properties.REPORT, report.model_dump_json()),
        ):
            examples.set_string_custom_property(name, value)
        log_reading(report)
        LOG.info("span written", extra={"span": examples.span, "version": examples.version})
