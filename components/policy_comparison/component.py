"""The TFX component that compares the policies in money."""

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import component_spec, standard_artifacts
from tfx.types.artifact import Artifact

from components.channels import of_each
from components.policy_comparison.executor import Executor
from contracts.policies import INCUMBENT, INCUMBENT_DEMAND


class PolicyCosts(Artifact):
    """What each policy would have cost on the test split.

    ``policies.json``: by policy its metrics over the test windows, and under ``simulation`` those in closed loop.
    ``series.parquet``: cost and units served of each series under each policy. ``calibration.json``: by quantile
    level the share of demand below the forecast, and below or at it; ``sum_calibration.json``: the same of the demand
    summed over each protection interval. ``forecasts.parquet``: the demand forecasts of
    the test windows beside what came. ``planning.json``: by which policy the pair plans (contracts.records.planning).
    ``errors.parquet``: absolute errors of each series, of the demand model and of
    seasonal naive.
    """

    TYPE_NAME = "PolicyCosts"


class PolicyComparisonSpec(component_spec.ComponentSpec):
    """Channels and settings of PolicyComparison."""

    PARAMETERS = {
        "feature_space": component_spec.ExecutionParameter(type=str),
        "quantile_levels": component_spec.ExecutionParameter(type=str),
        "base_stock_cost": component_spec.ExecutionParameter(type=float),
        "review_period": component_spec.ExecutionParameter(type=int),
        "code": component_spec.ExecutionParameter(type=str),
    }
    INPUTS = {
        "windows": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        **of_each("model", standard_artifacts.Model),
        **dict.fromkeys(
            (INCUMBENT, INCUMBENT_DEMAND),
            component_spec.ChannelParameter(type=standard_artifacts.Model, optional=True),
        ),
    }
    OUTPUTS = {"comparison": component_spec.ChannelParameter(type=PolicyCosts)}


class PolicyComparison(base_component.BaseComponent):
    """Compares the orders of the replenishment model, the demand forecast, the incumbent and the classical policies.

    Once interval by interval over the test windows, and once in closed loop over the whole test period. In closed loop
    over the eval period it chooses the policy by which the pair plans; base stock where that one is not proven to cost
    less than it over the test period.

    Outputs:
        comparison: PolicyCosts.
    """

    SPEC_CLASS = PolicyComparisonSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)

    def __init__(
        self,
        windows: types.BaseChannel,
        demand_model: types.BaseChannel,
        replenishment_model: types.BaseChannel,
        feature_space: str,
        quantile_levels: str,
        base_stock_cost: float,
        review_period: int,
        code: str,
        incumbent: types.BaseChannel | None = None,
        incumbent_demand: types.BaseChannel | None = None,
    ):
        """Builds the component.

        Args:
            windows: from Windowing; the eval and the test split, the choice and the decision points, and the rows of
                both periods are read.
            demand_model: gives the forecast plan.
            replenishment_model: gives its own levels.
            feature_space: FeatureSpace as JSON.
            quantile_levels: the demand model's levels as a JSON list.
            base_stock_cost: cost against base stock's, as a fraction, up to which a policy plans.
            review_period: periods between two orders, where a supplier has no order days.
            code: fingerprint of our own code, so that a change of it is no cache hit.
            incumbent, incumbent_demand: the models that serve now.
        """
        super().__init__(
            spec=PolicyComparisonSpec(
                windows=windows,
                demand_model=demand_model,
                replenishment_model=replenishment_model,
                incumbent=incumbent,
                incumbent_demand=incumbent_demand,
                feature_space=feature_space,
                quantile_levels=quantile_levels,
                base_stock_cost=base_stock_cost,
                review_period=review_period,
                code=code,
                comparison=types.Channel(type=PolicyCosts),
            )
        )
