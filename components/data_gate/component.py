"""The TFX component that lets a batch of data through, or stops the run."""

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import component_spec, standard_artifacts

from components.data_gate.executor import Executor


class DataGateSpec(component_spec.ComponentSpec):
    """Channels and settings of DataGate."""

    PARAMETERS = {
        "latest_date": component_spec.ExecutionParameter(type=str),
        "rules": component_spec.ExecutionParameter(type=str),
        "period_days": component_spec.ExecutionParameter(type=int),
        "code": component_spec.ExecutionParameter(type=str),
    }
    INPUTS = {
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "statistics": component_spec.ChannelParameter(type=standard_artifacts.ExampleStatistics),
        "schema": component_spec.ChannelParameter(type=standard_artifacts.Schema),
        "trained_examples": component_spec.ChannelParameter(type=standard_artifacts.Examples, optional=True),
    }
    OUTPUTS = {"anomalies": component_spec.ChannelParameter(type=standard_artifacts.ExampleAnomalies)}


class DataGate(base_component.BaseComponent):
    """Judges the rows of a new span: by the reviewed schema, and against the rows that were last trained on.

    Fails, with reasons, where a check stops the run. It changes no data.

    Outputs:
        anomalies: standard_artifacts.ExampleAnomalies in TFDV's layout, and ``checks.json``, a list of all checks
            with their verdicts, passed ones too.
    """

    SPEC_CLASS = DataGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        examples: types.BaseChannel,
        statistics: types.BaseChannel,
        schema: types.BaseChannel,
        latest_date: str,
        rules: str,
        period_days: int,
        code: str,
        trained_examples: types.BaseChannel | None = None,
    ):
        """Builds the component.

        Args:
            examples: the rows that are judged; recorded as input, so that lineage tells which spans passed.
            statistics: of the rows, from StatisticsGen.
            latest_date: no row may be later, ISO 8601.
            rules: severity.InForce as JSON.
            period_days: days from one row of a series to the next.
            code: fingerprint of our own code, so that a change of it is no cache hit.
            trained_examples: rows of the last span that trained a blessed model; none before there is one.
        """
        super().__init__(
            spec=DataGateSpec(
                examples=examples,
                statistics=statistics,
                schema=schema,
                trained_examples=trained_examples,
                latest_date=latest_date,
                rules=rules,
                period_days=period_days,
                code=code,
                anomalies=types.Channel(type=standard_artifacts.ExampleAnomalies),
            )
        )
