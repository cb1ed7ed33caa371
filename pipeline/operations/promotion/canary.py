"""What came in the stores that a challenger orders for: whether its costs or its bias leave their bands.

Both are held against the champion's on the very same series and days, in the same blocks and by the same confidence
sequence as the comparison over all stores. Each band has half of the error, so that a challenger which costs as much
and forecasts as much leaves either with the stated probability at most.
"""

from __future__ import annotations

from collections.abc import Iterator

from contracts.records.promotion import PromotionFinding
from pipeline.operations.promotion.blocks import (
    NO_COSTS,
    NO_SALES,
    Blocks,
    blocks_of,
    counted,
    means,
    why_not,
)
from pipeline.operations.promotion.confidence_sequence import confidence_sequence
from pipeline.operations.promotion.figures import Figures
from pipeline.promotion_options import PromotionOptions


def canary_findings(figures: Figures, options: PromotionOptions) -> Iterator[PromotionFinding]:
    """Cost, then bias; each not judged as long as no block of plans is over."""
    plans = counted(figures.canary, options.scored_share)
    blocks = blocks_of(plans, figures.newest_date, figures.period_days)
    where = f"in the {figures.stores} store(s) that pair {figures.challenger} orders for,"
    yield _cost(blocks, where, figures, options)
    yield _bias(blocks, where, options)


def _cost(blocks: Blocks, where: str, figures: Figures, options: PromotionOptions) -> PromotionFinding:
    """The value is the evidence that its orders cost more, the bound what it has to reach."""
    champion = means(blocks, "champion_cost")
    if not blocks or champion.sum() <= 0:
        said = f"{where} costs are not judged: {why_not(blocks, NO_COSTS)}"
        return PromotionFinding(name="canary_cost", value=None, bound=None, crossed=False, said=said)
    # Of the two sides of the interval only this one withdraws, so that the error of both is twice its own.
    found = confidence_sequence(means(blocks, "challenger_cost") - champion, options.false_rollbacks)
    dearer = found.mean > 0
    said = (
        f"{where} its orders cost {found.mean / champion.mean():+.1%} beside those of pair {figures.champion} "
        f"({found.beside(float(champion.mean()))}, {len(blocks)} block(s) of plans)"
    )
    return PromotionFinding(
        name="canary_cost",
        value=found.evidence if dearer else 0.0,
        bound=found.limit,
        crossed=dearer and found.outside,
        said=said,
    )


def _bias(blocks: Blocks, where: str, options: PromotionOptions) -> PromotionFinding:
    """The value is how far its bias lies from the champion's, the bound how far it may.

    It leaves its band where the interval does, and where it lies farther from zero than the champion's: what mends the
    champion's bias is no reason to go back to it.
    """
    units = means(blocks, "units")
    if not blocks or units.sum() <= 0:
        said = f"{where} its bias is not judged: {why_not(blocks, NO_SALES)}"
        return PromotionFinding(name="canary_bias", value=None, bound=None, crossed=False, said=said)
    usual = float(units.mean())
    own, other = (means(blocks, f"{pair}_forecast") for pair in ("challenger", "champion"))
    found = confidence_sequence(own - other, options.false_rollbacks / 2)
    beyond = max(found.low, -found.high) > options.canary_bias * usual
    biases = [float(forecast.mean()) / usual - 1 for forecast in (own, other)]
    said = (
        f"{where} its bias is {biases[0]:+.1%}, the champion's {biases[1]:+.1%} ({found.beside(usual)} between "
        f"them, at most {options.canary_bias:.0%})"
    )
    return PromotionFinding(
        name="canary_bias",
        value=found.mean / usual,
        bound=options.canary_bias,
        crossed=beyond and abs(biases[0]) > abs(biases[1]),
        said=said,
    )
