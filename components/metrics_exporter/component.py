"""The TFX component that writes a run's metrics into PostgreSQL."""

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import component_spec, standard_artifacts
from tfx.types.artifact import Artifact

from components.channels import of_each
from components.metrics_exporter.executor import Executor
from components.policy_comparison.component import PolicyCosts
from contracts.models import WATCH_EVALUATION

_INPUTS = {
    "examples": standard_artifacts.Examples,
    "statistics": standard_artifacts.ExampleStatistics,
    "schema": standard_artifacts.Schema,
    "transform_graph": standard_artifacts.TransformGraph,
    "comparison": PolicyCosts,
}


class StoreExport(Artifact):
    """``exported.json``: how many rows went into each table."""

    TYPE_NAME = "StoreExport"


class MetricsExporterSpec(component_spec.ComponentSpec):
    """Channels and settings of MetricsExporter."""

    PARAMETERS = {
        "store": component_spec.ExecutionParameter(type=str),
        "period_days": component_spec.ExecutionParameter(type=int),
    }
    INPUTS = {
        **{name: component_spec.ChannelParameter(type=kind) for name, kind in _INPUTS.items()},
        **of_each("model", standard_artifacts.Model),
        **of_each("evaluation", standard_artifacts.ModelEvaluation),
        **of_each("blessing", standard_artifacts.ModelBlessing),
        **of_each("pushed", standard_artifacts.PushedModel),
        WATCH_EVALUATION: component_spec.ChannelParameter(
            type=standard_artifacts.ModelEvaluation, optional=True
        ),
    }
    OUTPUTS = {"export": component_spec.ChannelParameter(type=StoreExport)}


class MetricsExporter(base_component.BaseComponent):
    """Writes TFMA's metrics, the models' versions and lineage, calibration, simulated costs and data statistics.

    A refused pair is written too; a run that a gate stopped before ends without this component. It is never cached:
    each run has rows of its own.

    Outputs:
        export: StoreExport.
    """

    SPEC_CLASS = MetricsExporterSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, inputs: dict[str, types.BaseChannel], store: str, period_days: int):
        """Builds the component.

        Args:
            inputs: channels of all of INPUTS, by name; that of the demand watch may be left out.
            store: folder of the store in the workspace; no password becomes part of ML Metadata.
            period_days: 1 or 7.
        """
        super().__init__(
            spec=MetricsExporterSpec(
                **inputs, store=store, period_days=period_days, export=types.Channel(type=StoreExport)
            )
        )
