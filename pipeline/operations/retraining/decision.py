"""The decision: what asks for a training, and what holds one back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from components.metrics_exporter.exporting import RUNNING
from contracts.records.retraining import Decision, Finding
from pipeline.operations.retraining.errors import error_findings
from pipeline.operations.retraining.figures import Figures, Pair, Training
from pipeline.retraining_options import RetrainingOptions

_JUDGED = ("pushed", "refused_data", "refused_model")
"""How a training ends that the same data would end again."""
_WEEK = timedelta(days=7)
_SHOWN = 5


@dataclass(frozen=True)
class Order:
    """A training that a person wants: who, and why."""

    by: str
    reason: str


def decide(
    figures: Figures, options: RetrainingOptions, now: datetime, order: Order | None = None
) -> Decision:
    """Whether a training is due now; an order passes every guard.

    Args:
        now: with its time zone.
    """
    reasons = tuple(_reasons(figures, options, now, order))
    guards = tuple(_guards(figures, options, now))
    asking = [finding.said for finding in reasons if finding.crossed]
    holding = [finding.said for finding in guards if finding.crossed]
    due = order is not None or bool(asking and not holding)
    said = "; ".join(asking) if due else "nothing asks for a training"
    if asking and not due:
        said = f"held back: {'; '.join(holding)}. It would be for: {'; '.join(asking)}"
    return Decision(
        decided_at=now,
        due=due,
        said=said,
        pair=figures.pair.version if figures.pair else None,
        newest_date=figures.newest_date,
        reasons=reasons,
        guards=guards,
        ordered_by=order.by if order else None,
    )


def _reasons(
    figures: Figures, options: RetrainingOptions, now: datetime, order: Order | None
) -> Iterator[Finding]:
    if order is not None:
        said = f"ordered by {order.by}: {order.reason}"
        yield Finding(name="ordered", value=None, bound=None, crossed=True, said=said)
    pair = figures.pair
    if pair is None:
        said = "no pair was ever pushed in this workspace"
        yield Finding(name="never_trained", value=0, bound=1, crossed=True, said=said)
        return
    yield from error_findings(figures, pair, options)
    yield _drift(figures, options)
    yield _schema(figures)
    yield _new_items(figures, options)
    yield _age(pair, options, now)


def _drift(figures: Figures, options: RetrainingOptions) -> Finding:
    names, runs = figures.drifted, options.drift_runs
    crossed = len(names) >= options.drifted_features
    said = f"{len(names)} feature(s) drifted in each of the newest {runs} planning runs{_listed(names)}"
    if figures.drift_runs < runs:
        said = f"not judged: {figures.drift_runs} of {runs} planning runs went through the data gate since the push"
        return Finding(name="drift", value=None, bound=options.drifted_features, crossed=False, said=said)
    return Finding(name="drift", value=len(names), bound=options.drifted_features, crossed=crossed, said=said)


def _schema(figures: Figures) -> Finding:
    changes = figures.schema_changes
    said = f"{len(changes)} change(s) of schema or columns since the pair was trained{_listed(changes)}"
    return Finding(name="schema", value=len(changes), bound=1, crossed=bool(changes), said=said)


def _new_items(figures: Figures, options: RetrainingOptions) -> Finding:
    share, bound = figures.new_share, options.new_share
    if share is None:
        said = "not judged: the pair has no plan yet, or no sales came since"
        return Finding(name="new_items", value=None, bound=bound, crossed=False, said=said)
    said = f"stores and products that the pair does not know have {share:.1%} of the newest units, at most {bound:.0%}"
    return Finding(name="new_items", value=share, bound=bound, crossed=share >= bound, said=said)


def _age(pair: Pair, options: RetrainingOptions, now: datetime) -> Finding:
    days, bound = _days(now - pair.pushed_at), options.age_days
    said = f"pair {pair.version} was pushed {days:.1f} days ago, at most {bound:g}"
    return Finding(name="age", value=days, bound=bound, crossed=days > bound, said=said)


def _guards(figures: Figures, options: RetrainingOptions, now: datetime) -> Iterator[Finding]:
    trainings = figures.trainings
    running = [
        run
        for run in trainings
        if run.status == RUNNING and now - run.began < timedelta(hours=options.running_hours)
    ]
    said = f"{len(running)} training(s) running" + (f", since {_minute(running[0].began)}" if running else "")
    yield Finding(name="running", value=len(running), bound=1, crossed=bool(running), said=said)
    # A new pair would take its place, and what was learnt of it would be lost.
    tried = figures.challenger is not None
    said = (
        f"challenger pair {figures.challenger} is not decided upon yet" if tried else "no challenger is tried"
    )
    yield Finding(name="challenger", value=int(tried), bound=1, crossed=tried, said=said)
    yield _no_new_data(figures)
    yield _cool_down(figures, options, now)
    lately = sum(now - run.began < _WEEK for run in trainings)
    said = f"{lately} training(s) began in the last seven days, at most {options.weekly_budget}"
    yield Finding(
        name="budget",
        value=lately,
        bound=options.weekly_budget,
        crossed=lately >= options.weekly_budget,
        said=said,
    )


def _no_new_data(figures: Figures) -> Finding:
    """Trained or refused, the same data would end the same way."""
    judged = [run for run in figures.trainings if run.status in _JUDGED]
    trained = [run.last_date for run in judged if run.last_date] + (
        [figures.pair.last_date] if figures.pair else []
    )
    spans = [run.span for run in judged if run.span is not None]
    newest, span = figures.newest_date, figures.newest_span
    if not trained:
        said = "no data were trained on yet"
        return Finding(name="no_new_data", value=None, bound=1, crossed=False, said=said)
    periods = (newest - max(trained)).days // figures.period_days if newest else 0
    corrected = bool(spans) and span is not None and span > max(spans)
    ended = f", which {_ended(judged[0])}" if judged else ""
    said = f"{max(periods, 0)} period(s) of sales came since the last training{ended}"
    if periods <= 0 and corrected:
        said += ", and files that it did not have"
    return Finding(
        name="no_new_data",
        value=max(periods, 0),
        bound=1,
        crossed=periods <= 0 and not corrected,
        said=said,
    )


def _cool_down(figures: Figures, options: RetrainingOptions, now: datetime) -> Finding:
    moments = [run.began for run in figures.trainings[:1]] + ([figures.asked_at] if figures.asked_at else [])
    if not moments:
        said = "no training began or was asked for yet"
        return Finding(name="cool_down", value=None, bound=options.cool_down_days, crossed=False, said=said)
    days = _days(now - max(moments))
    said = f"a training began or was asked for {days:.1f} days ago, at least {options.cool_down_days:g} lie between two"
    return Finding(
        name="cool_down",
        value=days,
        bound=options.cool_down_days,
        crossed=days < options.cool_down_days,
        said=said,
    )


def _ended(run: Training) -> str:
    return {"pushed": "pushed a pair", "refused_data": "refused the data"}.get(
        run.status, "refused the models"
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f": {', '.join(names[:_SHOWN])}{more}" if names else ""


def _days(span: timedelta) -> float:
    return span.total_seconds() / 86400


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
