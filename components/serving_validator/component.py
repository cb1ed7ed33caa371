"""The TFX component that tries both models as a server would."""

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import component_spec, standard_artifacts
from tfx.types.artifact import Artifact

from components.channels import of_each
from components.serving_validator.executor import Executor


class ServingVerdict(Artifact):
    """``checks.json``: differences from the trainers' answers, and latencies, each with its limit."""

    TYPE_NAME = "ServingVerdict"


class ServingValidatorSpec(component_spec.ComponentSpec):
    """Channels and settings of ServingValidator."""

    PARAMETERS = {
        "feature_space": component_spec.ExecutionParameter(type=str),
        "options": component_spec.ExecutionParameter(type=str),
        "code": component_spec.ExecutionParameter(type=str),
    }
    INPUTS = of_each("model", standard_artifacts.Model)
    OUTPUTS = {"verdict": component_spec.ChannelParameter(type=ServingVerdict)}


class ServingValidator(base_component.BaseComponent):
    """Loads the exported models in a fresh process and asks both signatures, 1 row and 512, an unseen product and a
    request without optional features: what InfraValidator does with a container.

    Outputs:
        verdict: ServingVerdict, which ModelGate reads.
    """

    SPEC_CLASS = ServingValidatorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        demand_model: types.BaseChannel,
        replenishment_model: types.BaseChannel,
        feature_space: str,
        options: str,
        code: str,
    ):
        """Builds the component.

        Args:
            demand_model: candidate.
            replenishment_model: candidate.
            feature_space: FeatureSpace as JSON.
            options: ServingOptions as JSON.
            code: fingerprint of our own code, so that a change of it is no cache hit.
        """
        super().__init__(
            spec=ServingValidatorSpec(
                demand_model=demand_model,
                replenishment_model=replenishment_model,
                feature_space=feature_space,
                options=options,
                code=code,
                verdict=types.Channel(type=ServingVerdict),
            )
        )
