"""All checks of the data gate, in order."""

from __future__ import annotations

from dataclasses import replace

from components.data_gate.batch_rows import BatchRows
from components.data_gate.checks import feature_check
from components.data_gate.coverage import future_finding, progress_finding, vanished_findings
from components.data_gate.drift import Comparator, drift_findings
from components.data_gate.proportion import proportion_findings
from components.data_gate.restatement import restatement_findings
from components.data_gate.severity import Limits
from components.data_gate.standstill import frozen_findings, idle_finding, sent_twice_finding
from components.data_gate.values import (
    kind_findings,
    missing_findings,
    range_findings,
    serving_findings,
    unseen_findings,
)
from contracts.records.checks import FeatureCheck


def row_findings(
    new: BatchRows,
    old: BatchRows | None,
    comparators: dict[str, Comparator],
    limits: Limits,
    latest_day: int,
) -> list[FeatureCheck]:
    """Everything that is checked on the rows themselves.

    Args:
        new: the batch.
        old: the last span that trained a blessed model; None on the first run, which leaves out what needs it.
        comparators: how each feature's drift is judged.
        limits: from where on the data differ too much.
        latest_day: no row may be later, days since 1970-01-01.
    """
    if new.frame.empty:
        return [feature_check("no_rows", "date", True, "there is no row to train on", 0.0)]
    if old is not None and old.frame.empty:
        old = None
    findings = [
        future_finding(new, latest_day),
        idle_finding(new, limits),
        sent_twice_finding(new, old),
        *frozen_findings(new, old, limits),
        *serving_findings(new, limits),
        *proportion_findings(new, old, limits),
    ]
    if old is None:
        return findings
    kinds = kind_findings(new, old)
    changed = [finding.feature for finding in kinds if finding.failed]
    # Text and numbers compare with nothing else.
    old = replace(old, frame=old.frame.drop(columns=changed))
    return [
        *findings,
        *kinds,
        progress_finding(new, old),
        *vanished_findings(new, old, limits),
        *restatement_findings(new, old, limits),
        *missing_findings(new, old, limits),
        *unseen_findings(new, old),
        *range_findings(new, old),
        *drift_findings(new, old, comparators, limits),
    ]
