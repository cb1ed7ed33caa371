"""The TFX component that blesses or refuses the pair of models."""

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import component_spec, standard_artifacts
from tfx.types.artifact import Artifact

from components.channels import of_each
from components.model_gate.executor import Executor
from components.policy_comparison.component import PolicyCosts
from components.serving_validator.component import ServingVerdict


class PairVerdict(Artifact):
    """``checks.json``: every check of the model gate, passed or not."""

    TYPE_NAME = "PairVerdict"


class ModelGateSpec(component_spec.ComponentSpec):
    """Channels and settings of ModelGate."""

    PARAMETERS = {
        "options": component_spec.ExecutionParameter(type=str),
        "re_baseline": component_spec.ExecutionParameter(type=str),
        "code": component_spec.ExecutionParameter(type=str),
    }
    INPUTS = {
        **of_each("model", standard_artifacts.Model),
        **of_each("evaluation", standard_artifacts.ModelEvaluation),
        "comparison": component_spec.ChannelParameter(type=PolicyCosts),
        "serving": component_spec.ChannelParameter(type=ServingVerdict),
    }
    OUTPUTS = {
        **of_each("blessing", standard_artifacts.ModelBlessing),
        "verdict": component_spec.ChannelParameter(type=PairVerdict),
    }


class ModelGate(base_component.BaseComponent):
    """Blesses both models where every check of the pair passes; else neither, with reasons.

    Outputs:
        demand_blessing, replenishment_blessing: standard_artifacts.ModelBlessing, as TFX's Evaluator writes them.
        verdict: PairVerdict.
    """

    SPEC_CLASS = ModelGateSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        demand_model: types.BaseChannel,
        replenishment_model: types.BaseChannel,
        demand_evaluation: types.BaseChannel,
        replenishment_evaluation: types.BaseChannel,
        comparison: types.BaseChannel,
        serving: types.BaseChannel,
        options: str,
        re_baseline: str,
        code: str,
    ):
        """Builds the component.

        Args:
            demand_model: candidate.
            replenishment_model: candidate.
            demand_evaluation: TFMA's, of the candidate and, where there is one, of the incumbent.
            replenishment_evaluation: the same.
            comparison: from PolicyComparison.
            serving: from ServingValidator.
            options: GateOptions as JSON.
            re_baseline: why the incumbent does not count this time; empty where it does.
            code: fingerprint of our own code, so that a change of it is no cache hit.
        """
        super().__init__(
            spec=ModelGateSpec(
                demand_model=demand_model,
                replenishment_model=replenishment_model,
                demand_evaluation=demand_evaluation,
                replenishment_evaluation=replenishment_evaluation,
                comparison=comparison,
                serving=serving,
                options=options,
                re_baseline=re_baseline,
                code=code,
                demand_blessing=types.Channel(type=standard_artifacts.ModelBlessing),
                replenishment_blessing=types.Channel(type=standard_artifacts.ModelBlessing),
                verdict=types.Channel(type=PairVerdict),
            )
        )
