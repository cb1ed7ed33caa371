"""The decision on a challenger: promote it, withdraw it, or go on scoring it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from contracts.records.promotion import Action, PromotionDecision, PromotionFinding, PromotionName
from pipeline.operations.promotion.blocks import (
    NO_COSTS,
    NO_SALES,
    Blocks,
    blocks_of,
    counted,
    means,
    why_not,
)
from pipeline.operations.promotion.canary import canary_findings
from pipeline.operations.promotion.confidence_sequence import confidence_sequence
from pipeline.operations.promotion.figures import Figures
from pipeline.orders.realised_accuracy.challenger import ScoredPlan
from pipeline.promotion_options import PromotionOptions

_FEWEST = 2
"""Blocks below which no spread is known."""
ROLL_BACK: tuple[PromotionName, ...] = ("canary_cost", "canary_bias")
"""What came in the stores that the challenger orders for; goes before every other figure."""
_ACTIONS: dict[PromotionName, Action] = {
    **dict.fromkeys(ROLL_BACK, "withdraw"),
    "cheaper": "promote",
    "dearer": "withdraw",
    "undecided": "withdraw",
}


@dataclass(frozen=True)
class Order:
    """What a person wants to become of the challenger: who, what and why."""

    by: str
    action: Literal["promote", "withdraw"]
    reason: str


def decide(
    figures: Figures, options: PromotionOptions, now: datetime, order: Order | None = None
) -> PromotionDecision:
    """What becomes of the challenger now; an order stands above every figure.

    Args:
        now: with its time zone.
    """
    findings = tuple(_findings(figures, options, now, order))
    action: Action = "wait"
    if order is not None:
        action = order.action
    else:
        deciding = [finding for finding in findings if finding.crossed and finding.name in _ACTIONS]
        # What was shown goes before the time that is up.
        action = _ACTIONS[deciding[0].name] if deciding else "wait"
    reasons = [
        finding.said
        for finding in findings
        if finding.crossed and (_ACTIONS.get(finding.name) == action or finding.name == "ordered")
    ]
    waits = [finding.said for finding in findings if finding.name == "scored" and finding.crossed]
    said = reasons[0] if reasons else (waits or [_said(findings, "cheaper")])[0]
    return PromotionDecision(
        decided_at=now,
        action=action,
        said=said,
        champion=figures.champion,
        challenger=figures.challenger,
        newest_date=figures.newest_date,
        findings=findings,
        ordered_by=order.by if order else None,
    )


def _said(findings: Sequence[PromotionFinding], name: PromotionName) -> str:
    return next(finding.said for finding in findings if finding.name == name)


def _findings(
    figures: Figures, options: PromotionOptions, now: datetime, order: Order | None
) -> Iterator[PromotionFinding]:
    if order is not None:
        said = f"ordered by {order.by}: {order.reason}"
        yield PromotionFinding(name="ordered", value=None, bound=None, crossed=True, said=said)
    if options.canary_stores:
        yield from canary_findings(figures, options)
    plans = counted(figures.plans, options.scored_share)
    blocks = blocks_of(plans, figures.newest_date, figures.period_days)
    judged = sum(len(block) for block in blocks)
    enough = judged >= options.least_periods and len(blocks) >= _FEWEST
    yield from _costs(figures, blocks, options, enough)
    yield _undecided(figures, options, now)
    interval = max((plan.interval for plan in plans), default=0)
    of_blocks = f" in {len(blocks)} whole block(s) of {interval} periods" if blocks else ""
    said = f"{judged} of {options.least_periods} plans are scored{of_blocks}"
    yield PromotionFinding(
        name="scored", value=judged, bound=options.least_periods, crossed=not enough, said=said
    )
    yield from _errors(plans)


def _costs(
    figures: Figures, blocks: Blocks, options: PromotionOptions, enough: bool
) -> Iterator[PromotionFinding]:
    """Whether the challenger is cheaper, or dearer. The value is the evidence, the bound what it has to reach.

    The interval has two sides and the first one that is left decides, so that each has half of its error.
    """
    names: tuple[PromotionName, ...] = ("cheaper", "dearer")
    champion = means(blocks, "champion_cost")
    if not blocks or champion.sum() <= 0:
        said = f"not judged: {why_not(blocks, NO_COSTS)}"
        for name in names:
            yield PromotionFinding(name=name, value=None, bound=None, crossed=False, said=said)
        return
    found = confidence_sequence(means(blocks, "challenger_cost") - champion, 2 * options.false_promotions)
    usual = float(champion.mean())
    said = (
        f"orders of pair {figures.challenger} cost {found.mean / usual:+.1%} beside those of pair {figures.champion} "
        f"({found.beside(usual)}, at most {options.false_promotions:.0%} false promotions however often one looks)"
    )
    for name, side in zip(names, (found.mean < 0, found.mean > 0), strict=True):
        yield PromotionFinding(
            name=name,
            value=found.evidence if side else 0.0,
            bound=found.limit,
            crossed=enough and side and found.outside,
            said=said,
        )


def _undecided(figures: Figures, options: PromotionOptions, now: datetime) -> PromotionFinding:
    periods = (now - figures.pushed_at).total_seconds() / 86400 / figures.period_days
    crossed = periods > options.most_periods
    known = "undecided after" if crossed else "is tried for"
    said = f"pair {figures.challenger} {known} {periods:.1f} periods, at most {options.most_periods}"
    return PromotionFinding(
        name="undecided", value=periods, bound=options.most_periods, crossed=crossed, said=said
    )


def _errors(plans: Sequence[ScoredPlan]) -> Iterator[PromotionFinding]:
    """To be read beside the costs, which alone decide."""
    units = sum(plan.units for plan in plans)
    total = {
        name: sum(getattr(plan, name) for plan in plans)
        for pair in ("challenger", "champion")
        for name in (f"{pair}_error", f"{pair}_forecast")
    }
    asks: tuple[tuple[PromotionName, str, str, float], ...] = (
        ("accuracy", "error (WAPE)", "error", 0.0),
        ("bias", "bias", "forecast", units),
    )
    for name, spoken, figure, less in asks:
        if not units:
            said = f"not judged: {NO_SALES}"
            yield PromotionFinding(name=name, value=None, bound=None, crossed=False, said=said)
            continue
        own, other = ((total[f"{pair}_{figure}"] - less) / units for pair in ("challenger", "champion"))
        said = f"{spoken} {own:.1%}, the champion's {other:.1%}"
        yield PromotionFinding(name=name, value=own, bound=other, crossed=False, said=said)
