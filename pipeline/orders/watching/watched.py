"""The demand watch of a workspace: its model with the pair, its findings in the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import psycopg

from components.policy_comparison.predicting import load_raw
from components.windowing.following import lent_among
from contracts.dates import to_date
from contracts.models import WATCH
from contracts.rows import read_flat
from inventory.detection.watching import Finding, watch
from pipeline.config import Config
from pipeline.inputs.pair_features import trained_features
from pipeline.orders.shards import RowShards
from pipeline.orders.watching.keeping import keep_findings
from pipeline.orders.watching.scoring import scored_span
from pipeline.workspace import Workspace
from serving.directory.layout import hold, model_folder


@dataclass(frozen=True)
class Watched:
    """What the demand watch has found.

    Attributes:
        since, until: the first and the last period that it looked at; None where it could not.
        series: how many it looked at.
        new: findings that no earlier call had.
        findings: all of them, the more telling kinds first.
        note: why it could not look; empty where it could.
    """

    since: date | None
    until: date | None
    series: int
    new: tuple[Finding, ...]
    findings: tuple[Finding, ...]
    note: str


def watch_newest(
    read: RowShards, workspace: Workspace, config: Config, version: int, connection: psycopg.Connection
) -> Watched:
    """Looks at the newest periods with the watch of a pair, and adds what is new to the store.

    Args:
        read: the rows.
        version: of the pair.
        connection: as a writer, inside the caller's transaction.
    """
    folder = model_folder(workspace.serving, version, WATCH)
    if not folder.is_dir():
        return _blind(
            f"pair {version} came without a demand watch: it was trained before that was switched on, or its watch was "
            "refused, as the page of its run says; the next run trains one"
        )
    with hold(workspace.serving, version):
        space = trained_features(workspace.serving, version)
        lent = lent_among(lambda: map(read_flat, read.files), read.small.products, space, config.windows)
        found = scored_span(read.files, space, config.windows, load_raw(str(folder)), lent)
    if found is None:
        return _blind(
            f"no series has sales of {space.horizon} periods after a history, which is what is looked at"
        )
    span, calibration = found
    findings = watch(span, calibration, config.demand_watch.false_discoveries)
    new = keep_findings(connection, findings, version, to_date(span.dates[-1]))
    return Watched(
        to_date(span.dates[0]), to_date(span.dates[-1]), len(span.units), tuple(new), tuple(findings), ""
    )


def _blind(note: str) -> Watched:
    return Watched(None, None, 0, (), (), f"demand watch: {note}")
