"""How grave each kind of finding is, and what is waived until when: one reviewed file."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, ValidationError, field_validator
from tensorflow_metadata.proto.v0 import anomalies_pb2

from contracts.options import Options
from contracts.records.checks import VERDICTS, FeatureCheck, Verdict
from contracts.strict_yaml import read_mapping, wrong_settings

Severity = Literal["warn", "stop"]
Kind = Literal[
    "schema",
    "serving_schema",
    "serving_missing",
    "missing",
    "drift",
    "gross_drift",
    "changed_kind",
    "unseen_value",
    "out_of_range",
    "out_of_proportion",
    "restated",
    "restated_external",
    "no_rows",
    "future_date",
    "no_progress",
    "store_vanished",
    "products_vanished",
    "frozen",
    "store_without_sales",
    "sent_twice",
]
SCHEMA_KINDS = frozenset(name.lower() for name in anomalies_pb2.AnomalyInfo.Type.DESCRIPTOR.values_by_name)
"""TFDV's types of anomalies. One that the file does not name is as grave as ``schema``."""
DEFAULT = "default"


def _known(kind: str) -> str:
    if kind not in get_args(Kind) and kind not in SCHEMA_KINDS:
        raise ValueError(
            f"there is no check {kind!r}; there are {', '.join(get_args(Kind))}, and TFDV's types of anomalies in "
            "lower case"
        )
    return kind


class Limits(Options):
    """From where on the data differ too much. Drift's thresholds stand in the schema, beside each feature."""

    false_alarm: float = Field(0.002, gt=0, lt=0.5)
    """probability that chance alone exceeds the noise allowance of one feature"""
    gross_drift: float = Field(0.5, gt=0, le=1)
    """distance, on bins a factor of 2 wide, from which most of a feature has moved far"""
    proportion: float = Field(10.0, gt=1)
    """how many times as large or small a newest value may be as those of its series before"""
    missing: float = Field(0.1, ge=0, le=1)
    """how much the share of missing values may rise"""
    restated: float = Field(0.2, ge=0, le=1)
    """largest share of earlier values that may change"""
    restated_rows: int = Field(5, ge=1, le=10**9)
    """fewer changed rows than this are a correction"""
    products_vanished: float = Field(0.05, ge=0, le=1)
    """largest share of products that may go"""
    frozen_periods: int = Field(14, ge=2, le=10_000)
    """periods without a change after which a factor is frozen"""
    idle_periods: int = Field(7, ge=1, le=10_000)
    """periods without any unit after which a store is idle"""


class Waiver(Options):
    """A finding that someone has looked at and lets pass for some time."""

    feature: str = Field(min_length=1)
    """as in the check"""
    kind: str
    """as in the check"""
    reason: str = Field(min_length=1)
    """why it is no fault"""
    by: str = Field(min_length=1)
    """who decided"""
    until: date
    """the last day on which it counts"""

    _kind_is_known = field_validator("kind")(_known)


class Severities(Options):
    """The severity file."""

    limits: Limits = Limits()
    """from where on the data differ too much"""
    severities: dict[str, dict[str, Severity]]
    """by kind ``warn`` or ``stop``, or these by feature with a ``default``; what is not named stops"""
    waivers: tuple[Waiver, ...] = ()
    """what is let pass, until when"""

    @field_validator("severities", mode="before")
    @classmethod
    def _one_for_all_features(cls, content: Any) -> Any:
        if not isinstance(content, dict):
            return content
        return {k: v if isinstance(v, dict) else {DEFAULT: v} for k, v in content.items()}

    @field_validator("severities")
    @classmethod
    def _kinds_are_known(cls, content: dict[str, dict[str, Severity]]) -> dict[str, dict[str, Severity]]:
        for kind, features in content.items():
            _known(kind)
            if DEFAULT not in features:
                raise ValueError(f"{kind} has no {DEFAULT}: say what holds for features it does not name")
        return content

    def severity(self, kind: str, feature: str) -> Severity:
        """How grave a failed check is; what the file does not name stops."""
        general = "schema" if kind in SCHEMA_KINDS else kind
        features = self.severities.get(kind) or self.severities.get(general) or {DEFAULT: "stop"}
        return features.get(feature, features[DEFAULT])


class InForce(Options):
    """The severity file on one day.

    It changes only when the file does or a waiver expires. So the gate's verdict on unchanged data stays cached from
    day to day, and the day itself need not be known below the command line.
    """

    file: Severities
    expired: tuple[int, ...] = ()
    """indices of the waivers that no longer count"""

    @classmethod
    def on(cls, file: Severities, today: date) -> InForce:
        return cls(
            file=file, expired=tuple(i for i, waiver in enumerate(file.waivers) if waiver.until < today)
        )


def load_severities(path: Path) -> Severities:
    """Reads a severity file.

    Raises:
        UserError: it cannot be read, is no YAML mapping, or something in it is unknown or wrong; all of it named.
    """
    # As texts, which pydantic reads: YAML's own error on an impossible date would not say where it is.
    content = read_mapping(path, "give an existing file as severity_file", texts=True)
    try:
        return Severities.model_validate(content)
    except ValidationError as error:
        raise wrong_settings(path, error, Severities) from error


def decide(findings: Sequence[FeatureCheck], rules: InForce) -> list[FeatureCheck]:
    """Weighs what failed; stops first, then warnings, then the rest, each in the given order."""
    weighed = [_weigh(finding, rules) if finding.failed else finding for finding in findings]
    return sorted(weighed, key=lambda check: VERDICTS.index(check.verdict))


def _weigh(finding: FeatureCheck, rules: InForce) -> FeatureCheck:
    verdict: Verdict = rules.file.severity(finding.check, finding.feature)
    note = by = ""
    for index, waiver in enumerate(rules.file.waivers):
        if (waiver.kind, waiver.feature) != (finding.check, finding.feature):
            continue
        if index not in rules.expired:
            verdict, by = "waived", waiver.by
            note = f" (waived by {waiver.by} until {waiver.until}: {waiver.reason})"
            break
        note = f" (the waiver by {waiver.by} expired on {waiver.until})"
    return finding.model_copy(update={"verdict": verdict, "reason": finding.reason + note, "waived_by": by})
