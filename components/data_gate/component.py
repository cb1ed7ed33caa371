"""The TFX component that lets a batch of data through, or stops the run."""

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import component_spec, standard_artifacts

from components.data_gate.executor import Executor


class DataGateSpec(component_spec.ComponentSpec):
    """Channels and settings of DataGate."""

    PARAMETERS = {
        "environment": component_spec.ExecutionParameter(type=str),
        "code": component_spec.ExecutionParameter(type=str),
    }
    INPUTS = {
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "statistics": component_spec.ChannelParameter(type=standard_artifacts.ExampleStatistics),
        "schema": component_spec.ChannelParameter(type=standard_artifacts.Schema),
    }
    OUTPUTS = {"anomalies": component_spec.ChannelParameter(type=standard_artifacts.ExampleAnomalies)}


class DataGate(base_component.BaseComponent):
    """Judges the rows of a new span against the reviewed schema; fails, with reasons, where they break it.

    Outputs:
        anomalies: standard_artifacts.ExampleAnomalies in TFDV's layout, and ``findings.json`` with severities.
    """

    SPEC_CLASS = DataGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        examples: types.BaseChannel,
        statistics: types.BaseChannel,
        schema: types.BaseChannel,
        environment: str,
        code: str,
    ):
        """Builds the component.

        Args:
            examples: the rows that are judged; recorded as input, so that lineage tells which spans passed.
            statistics: of the rows, from StatisticsGen.
            schema: the reviewed schema.
            environment: the schema's environment that applies, such as TRAINING.
            code: fingerprint of our own code, so that a change of it is no cache hit.
        """
        super().__init__(
            spec=DataGateSpec(
                examples=examples,
                statistics=statistics,
                schema=schema,
                environment=environment,
                code=code,
                anomalies=types.Channel(type=standard_artifacts.ExampleAnomalies),
            )
        )
