"""From the metrics of a pair of models to the checks that bless or refuse it. Plain data in and out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from components.model_gate import checks, remedies
from components.model_gate.options import GateOptions
from components.model_gate.slices import SeriesErrors, worst_slice
from contracts.arrays import Floats
from contracts.models import DEMAND, REPLENISHMENT
from contracts.policies import BASE_STOCK, CLAIRVOYANT, FORECAST_PLAN, INCUMBENT, MODEL, Planned, spoken
from contracts.records.checks import ModelCheck
from inventory.paired_ratio import Interval, paired_ratio

SLICED_BY = ("store_id", "category")
_SKILL = "skill_base_stock"
_SEED = 7


@dataclass(frozen=True)
class Evaluation:
    """What TFMA found of one model.

    Attributes:
        metrics: over the whole test split, by metric; ``<metric>_diff`` is the change against the incumbent.
        refusals: thresholds of TFMA's own that failed, by metric in words that name it.
    """

    metrics: Mapping[str, float]
    refusals: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Coverage:
    """By level as text, see components.policy_comparison.calibration.coverage_at_level.

    Attributes:
        periods: of single periods.
        sums: of the demand summed over each protection interval.
    """

    periods: Mapping[str, Mapping[str, float]]
    sums: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Simulated:
    """What the simulation found.

    Attributes:
        policies: metrics by policy.
        costs: by policy the cost of each series, [N], money.
        planning: the policy by which the pair plans.
        proof: its cost against base stock's over the eval and the test period, relative; None: that over the test
            period is all there is.
    """

    policies: Mapping[str, Mapping[str, Any]]
    costs: Mapping[str, Floats]
    planning: Planned = MODEL
    proof: Interval | None = None


def judge(
    demand: Evaluation,
    replenishment: Evaluation,
    errors: SeriesErrors,
    coverage: Coverage,
    simulated: Simulated,
    options: GateOptions,
    re_baseline: str = "",
) -> list[ModelCheck]:
    """All checks of the pair; it is blessed where none of them stops.

    Args:
        errors: of the demand model, with a slice of each series by SLICED_BY.
        coverage: of the demand model's quantiles.
        simulated: with ``incumbent`` among the policies where there is one.
        re_baseline: why the incumbent does not count this time; empty where it does.
    """
    found = [
        checks.at_least(
            "skill against seasonal naive",
            DEMAND,
            demand.metrics.get("skill_seasonal_naive"),
            options.demand_skill,
            remedy=remedies.DEMAND_SKILL,
        ),
        _change(DEMAND, "wape", demand, options.loss_margin, re_baseline),
        *(
            worst_slice(
                DEMAND, errors, grouping, options.slice_skill, options.slice_series, options.confidence
            )
            for grouping in SLICED_BY
        ),
        *checks.calibration(DEMAND, coverage.periods, _band(simulated, options)),
        *_sums(coverage, simulated, options),
        *_replenishment(replenishment, simulated, options, re_baseline),
        *_simulation(simulated, options, re_baseline),
    ]
    planned = []
    if simulated.planning == MODEL:
        # Where costs have decided, TFMA's threshold of this metric asks again what is not asked.
        asked = dict(replenishment.refusals)
        if _SKILL in asked and _plans_cheaper(simulated, options):
            del asked[_SKILL]
        planned = [(REPLENISHMENT, replace(replenishment, refusals=asked))]
    for model, evaluation in ((DEMAND, demand), *planned):
        stopped = any(check.model == model and check.verdict == "stop" for check in found)
        # TFMA judges by the same thresholds; what it alone found, such as a missing slice, must not pass unseen.
        if evaluation.refusals and not stopped:
            reason = "; ".join(evaluation.refusals.values())
            found.append(checks.failed("TFMA's validation", model, reason, remedies.TFMA))
    return found


def _replenishment(
    replenishment: Evaluation, simulated: Simulated, options: GateOptions, re_baseline: str
) -> list[ModelCheck]:
    """How good the replenishment model's own levels are; of no weight where the pair does not plan by them.

    One order from a made-up shelf is a rougher question than months of orders: what these have proven cheaper is not
    refused for it.
    """
    check, cost = "skill against base stock", "cycle_cost"
    if simulated.planning != MODEL:
        reason = f"not asked: the pair plans by {spoken(simulated.planning)}"
        names = (check, _against_incumbent(cost))
        return [checks.decided(name, REPLENISHMENT, reason) for name in names]
    value = replenishment.metrics.get(_SKILL)
    skill = checks.at_least(
        check, REPLENISHMENT, value, options.replenishment_skill, remedy=remedies.REPLENISHMENT_SKILL
    )
    if skill.verdict == "stop" and value is not None and _plans_cheaper(simulated, options):
        reason = f"not asked: {value:.4g}, but proven to be cheaper in the simulation"
        skill = checks.decided(check, REPLENISHMENT, reason)
    return [skill, _change(REPLENISHMENT, cost, replenishment, options.cost_margin, re_baseline)]


def _against_incumbent(metric: str) -> str:
    return f"{metric} against the incumbent, relative"


def _change(model: str, metric: str, evaluation: Evaluation, margin: float, re_baseline: str) -> ModelCheck:
    check = _against_incumbent(metric)
    value, change = evaluation.metrics.get(metric), evaluation.metrics.get(metric + "_diff")
    if change is None:
        return _no_incumbent(check, model, re_baseline)
    if value is None or value == change:
        return checks.failed(check, model, f"there is no {metric} of both models to compare")
    return checks.at_most(check, model, change / (value - change), margin, remedy=remedies.INCUMBENT)


def _no_incumbent(check: str, model: str, re_baseline: str) -> ModelCheck:
    if re_baseline:
        return checks.decided(check, model, f"not compared, re-baselined: {re_baseline}")
    return checks.decided(check, model, "not compared: no pair has been blessed in this workspace yet")


def _sums(coverage: Coverage, simulated: Simulated, options: GateOptions) -> list[ModelCheck]:
    """Calibration of summed demand; of no weight where the orders do not follow from the forecast."""
    if simulated.planning != FORECAST_PLAN:
        reason = f"not asked: the pair plans by {spoken(simulated.planning)}"
        return [checks.decided("calibration of sums over the protection interval", DEMAND, reason)]
    return checks.calibration(
        DEMAND, coverage.sums, _band(simulated, options), of=" of the sum over the protection interval"
    )


def _band(simulated: Simulated, options: GateOptions) -> float:
    """How far the quantiles may lie from their coverage.

    All series share a season's turn and a trend, so that over a few weeks even good quantiles lie to one side. Where
    the orders that follow from them are proven to cost less than base stock's, twice the band is borne.
    """
    return options.calibration_band * (2 if _is_cheaper(simulated, FORECAST_PLAN, options) else 1)


def _plans_cheaper(simulated: Simulated, options: GateOptions) -> bool:
    """Whether the policy that plans is proven to cost less than base stock."""
    if simulated.proof is not None:
        return simulated.proof.high < 0
    return _is_cheaper(simulated, simulated.planning, options)


def _is_cheaper(simulated: Simulated, policy: str, options: GateOptions) -> bool:
    """Whether the test period proves a policy to cost less than base stock."""
    try:
        return _against(simulated, policy, BASE_STOCK, options).high < 0
    except (KeyError, ValueError):
        return False


def _against(simulated: Simulated, policy: str, other: str, options: GateOptions) -> Interval:
    """Cost of a policy against another's, relative; of the interval one end counts, so that beyond it lies all of what
    confidence leaves over.

    Raises:
        KeyError: one of them was not simulated.
        ValueError: there is nothing to compare.
    """
    level = 2 * options.confidence - 1
    return paired_ratio(simulated.costs[policy], simulated.costs[other], seed=_SEED, level=level)


def _simulation(simulated: Simulated, options: GateOptions, re_baseline: str) -> list[ModelCheck]:
    found = []
    for policy in (BASE_STOCK, INCUMBENT):
        if policy not in simulated.policies:
            name = f"simulated cost against the {policy}"
            found.append(
                _no_incumbent(name, REPLENISHMENT, re_baseline)
                if policy == INCUMBENT
                else checks.failed(name, REPLENISHMENT, "the simulation has no base-stock policy")
            )
            continue
        try:
            interval = _against(simulated, simulated.planning, policy, options)
            if policy == BASE_STOCK and simulated.proof is not None:
                interval = simulated.proof
        except ValueError as error:
            found.append(checks.failed(f"simulated cost against the {policy}", REPLENISHMENT, str(error)))
            continue
        name = f"simulated fill rate lost against {policy.replace('_', ' ')}"
        if policy == BASE_STOCK == simulated.planning:
            reason = "not asked: the pair plans by it"
            against = "simulated cost against base stock, upper end"
            found += [checks.decided(check, REPLENISHMENT, reason) for check in (against, name)]
            continue
        if policy == BASE_STOCK:
            found.append(checks.cheaper_than_base_stock(REPLENISHMENT, interval, options.base_stock_cost))
            if interval.high < 0:
                # What base stock serves beyond that costs more than it brings: costs say how much service is right.
                found.append(checks.decided(name, REPLENISHMENT, "not compared: proven to be cheaper in all"))
                continue
        else:
            found.append(checks.not_dearer_than_incumbent(REPLENISHMENT, interval, options.incumbent_cost))
        mine, other = (simulated.policies[name]["fill_rate"] for name in (simulated.planning, policy))
        loss = None if mine is None or other is None else other - mine
        remedy = remedies.BASE_STOCK_FILL_RATE if policy == BASE_STOCK else remedies.INCUMBENT
        found.append(checks.at_most(name, REPLENISHMENT, loss, options.fill_rate_margin, remedy=remedy))
    return found + _others(simulated, options)


def _others(simulated: Simulated, options: GateOptions) -> list[ModelCheck]:
    """No policy of a shop without models may be proven cheaper than the one that plans.

    The pair's other policy may: which of the two is cheaper in some weeks is for the weeks before them to say.
    """
    found = []
    for policy in simulated.costs:
        # Without a longer proof the test period has been asked about base stock already.
        asked = () if simulated.proof is not None else (BASE_STOCK,)
        if policy in (MODEL, FORECAST_PLAN, INCUMBENT, CLAIRVOYANT, *asked):
            continue
        try:
            interval = _against(simulated, simulated.planning, policy, options)
        except ValueError:
            # It costs nothing, or there is no series: base stock's check has said so.
            continue
        found.append(checks.not_dearer_than(REPLENISHMENT, spoken(policy), interval, options.other_cost))
    return found
