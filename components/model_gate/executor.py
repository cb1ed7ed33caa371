"""Reads the evaluations and the comparison, writes the checks, and blesses both models or neither."""

from __future__ import annotations

import json
import logging
import math
import os
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils

from components.model_gate import tfma_results
from components.model_gate.judging import SLICED_BY, Coverage, Evaluation, Simulated, judge
from components.model_gate.options import GateOptions
from components.model_gate.slices import SeriesErrors
from contracts import files, properties
from contracts.models import DEMAND, MODELS, REPLENISHMENT, channel
from contracts.records.checks import ModelCheck, checks_from_json, checks_to_json, log_checks
from contracts.records.planning import Planning
from inventory.paired_ratio import Interval

LOG = logging.getLogger(__name__)
_COST = "cost_"


class Executor(base_executor.BaseExecutor):
    """See components.model_gate.component.ModelGate."""

    def Do(
        self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]
    ) -> None:
        comparison = artifact_utils.get_single_uri(input_dict["comparison"])
        found = judge(
            _evaluation(artifact_utils.get_single_uri(input_dict[channel(DEMAND, "evaluation")])),
            _evaluation(artifact_utils.get_single_uri(input_dict[channel(REPLENISHMENT, "evaluation")])),
            series_errors(pq.read_table(os.path.join(comparison, files.ERRORS))),
            Coverage(_read(comparison, files.CALIBRATION), _read(comparison, files.SUM_CALIBRATION)),
            _simulated(comparison),
            GateOptions.model_validate_json(exec_properties["options"]),
            exec_properties["re_baseline"],
        )
        serving = artifact_utils.get_single_uri(input_dict["serving"])
        found += checks_from_json(_text(serving, files.CHECKS), ModelCheck)
        verdict = artifact_utils.get_single_instance(output_dict["verdict"])
        with fileio.open(os.path.join(verdict.uri, files.CHECKS), "w") as file:
            file.write(checks_to_json(found))
        blessed = all(check.verdict == "pass" for check in found)
        log_checks(LOG, found)
        LOG.log(logging.INFO if blessed else logging.ERROR, "pair blessed" if blessed else "pair refused")
        for name in MODELS:
            model = artifact_utils.get_single_instance(input_dict[channel(name, "model")])
            _bless(artifact_utils.get_single_instance(output_dict[channel(name, "blessing")]), model, blessed)


def _bless(blessing: Any, model: Any, blessed: bool) -> None:
    """What TFX's Evaluator writes, so that TFX's Pusher reads it."""
    with fileio.open(os.path.join(blessing.uri, "BLESSED" if blessed else "NOT_BLESSED"), "w") as file:
        file.write("")
    blessing.set_int_custom_property(properties.BLESSED, int(blessed))
    blessing.set_string_custom_property(properties.CURRENT_MODEL, model.uri)
    blessing.set_int_custom_property(properties.CURRENT_MODEL_ID, model.id)


def _evaluation(uri: str) -> Evaluation:
    return Evaluation(tfma_results.overall_metrics(uri), tfma_results.refusals(uri))


def series_errors(table: pa.Table) -> SeriesErrors:
    """From what components.policy_comparison.errors has found."""
    return SeriesErrors(
        np.asarray(table["model"]),
        np.asarray(table["seasonal_naive"]),
        {grouping: np.asarray(table[grouping]) for grouping in SLICED_BY},
    )


def _simulated(uri: str) -> Simulated:
    policies = {
        name: found["simulation"]
        for name, found in _read(uri, files.POLICIES).items()
        if "simulation" in found
    }
    table = pq.read_table(os.path.join(uri, files.SERIES))
    costs = {
        name.removeprefix(_COST): np.asarray(table[name])
        for name in table.column_names
        if name.startswith(_COST)
    }
    planning = Planning.model_validate_json(_text(uri, files.PLANNING))
    proof = None
    if planning.against_base_stock is not None and planning.unproven is None:
        proof = Interval(*(math.nan if value is None else value for value in planning.against_base_stock))
    return Simulated(policies, costs, planning.policy, proof)


def _read(uri: str, name: str) -> Any:
    return json.loads(_text(uri, name))


def _text(uri: str, name: str) -> str:
    with fileio.open(os.path.join(uri, name)) as file:
        return str(file.read())
