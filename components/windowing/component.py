"""The TFX component that cuts training windows."""

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import component_spec, standard_artifacts

from components.windowing.executor import Executor


class WindowingSpec(component_spec.ComponentSpec):
    """Channels and settings of Windowing."""

    PARAMETERS = {
        "feature_space": component_spec.ExecutionParameter(type=str),
        "options": component_spec.ExecutionParameter(type=str),
        "code": component_spec.ExecutionParameter(type=str),
    }
    INPUTS = {
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "earlier_examples": component_spec.ChannelParameter(type=standard_artifacts.Examples, optional=True),
        "gate": component_spec.ChannelParameter(type=standard_artifacts.ExampleAnomalies),
    }
    OUTPUTS = {
        "windows": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "schema": component_spec.ChannelParameter(type=standard_artifacts.Schema),
    }


class Windowing(base_beam_component.BaseBeamComponent):
    """Cuts windows (transforms.features) from rows, split by date into train, eval and test.

    Where several spans hold the same store, product and date, the newest span is right.

    Outputs:
        windows: standard_artifacts.Examples with the splits train, eval and test, gzipped TFRecords of
            tf.Examples; beside them ``windows.json`` with the number of windows and the splits' borders.
        schema: standard_artifacts.Schema of a window, made from the feature declaration.
    """

    SPEC_CLASS = WindowingSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        examples: types.BaseChannel,
        gate: types.BaseChannel,
        feature_space: str,
        options: str,
        code: str,
        earlier_examples: types.BaseChannel | None = None,
    ):
        """Builds the component.

        Args:
            examples: rows of the new span, from RetailExampleGen.
            gate: the data gate's verdict on them; the windows wait for it.
            feature_space: FeatureSpace as JSON.
            options: WindowOptions as JSON.
            code: fingerprint of our own code, so that a change of it is no cache hit.
            earlier_examples: rows of earlier spans that passed the gate.
        """
        super().__init__(
            spec=WindowingSpec(
                examples=examples,
                earlier_examples=earlier_examples,
                gate=gate,
                feature_space=feature_space,
                options=options,
                code=code,
                windows=types.Channel(type=standard_artifacts.Examples),
                schema=types.Channel(type=standard_artifacts.Schema),
            )
        )
