"""The TFX component that pushes a pair."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import component_spec, standard_artifacts

from components.channels import of_each
from components.pair_pusher.executor import Executor
from components.policy_comparison.component import PolicyCosts
from contracts.models import WATCH_BLESSING, WATCH_EVALUATION, WATCH_MODEL


class PairPusherSpec(component_spec.ComponentSpec):
    """Channels and settings of PairPusher."""

    PARAMETERS = {
        "serving": component_spec.ExecutionParameter(type=str),
        "options": component_spec.ExecutionParameter(type=str),
        "settings": component_spec.ExecutionParameter(type=str),
    }
    INPUTS = {
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        **of_each("model", standard_artifacts.Model),
        **of_each("evaluation", standard_artifacts.ModelEvaluation),
        **of_each("blessing", standard_artifacts.ModelBlessing),
        "comparison": component_spec.ChannelParameter(type=PolicyCosts),
        **of_each("infra_blessing", standard_artifacts.InfraBlessing, optional=True),
        WATCH_MODEL: component_spec.ChannelParameter(type=standard_artifacts.Model, optional=True),
        WATCH_EVALUATION: component_spec.ChannelParameter(
            type=standard_artifacts.ModelEvaluation, optional=True
        ),
        WATCH_BLESSING: component_spec.ChannelParameter(type=standard_artifacts.ModelBlessing, optional=True),
    }
    OUTPUTS = of_each("pushed", standard_artifacts.PushedModel)


class PairPusher(base_component.BaseComponent):
    """Pushes both models into the serving directory, or neither; TFX's Pusher knows one model and is not crash-safe.

    It is never cached, since somebody may have rolled back meanwhile; a pair that is there already stays as it is.

    Outputs:
        demand_pushed, replenishment_pushed: standard_artifacts.PushedModel with TFX's ``pushed``, ``pushed_version``
            and ``pushed_destination``, and ``stage`` (see serving.directory.pushing).
    """

    SPEC_CLASS = PairPusherSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(self, inputs: dict[str, types.BaseChannel], serving: str, options: str, settings: str):
        """Builds the component.

        Args:
            inputs: channels by name, as PairPusherSpec declares them; those of InfraValidator and of the demand watch
                may be left out. A watch that is not blessed does not hold the pair back: it stays behind.
            options: ServingOptions as JSON.
            settings: those of the run that the pair belongs to, as JSON; kept in the manifest.
        """
        super().__init__(
            spec=PairPusherSpec(
                **inputs,
                serving=serving,
                options=options,
                settings=settings,
                demand_pushed=types.Channel(type=standard_artifacts.PushedModel),
                replenishment_pushed=types.Channel(type=standard_artifacts.PushedModel),
            )
        )
