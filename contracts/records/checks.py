"""What a gate found: one comparison, what was measured, and what was decided."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from typing import ClassVar, Literal, TypeVar, get_args

from pydantic import Field

from contracts.records.base import Number, Record

Gate = Literal["data", "model"]
Verdict = Literal["stop", "warn", "waived", "pass"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""The gravest first."""
WHOLE = "all"
ROWS_SHOWN = 5


class Check(Record):
    """What a check of either gate says."""

    check: str
    """what is compared; of the data gate the kind, as in the severity file"""
    value: Number
    """what was measured"""
    threshold: Number
    """what it is held against"""
    margin: Number
    """how far the value is on the right side; negative where the check failed"""
    verdict: Verdict
    """what was decided"""
    reason: str
    """the comparison in words"""

    @property
    def failed(self) -> bool:
        return self.verdict != "pass"


class Example(Record):
    """A row that a check of the data gate shows."""

    store_id: str | None
    """as in the files"""
    product_id: str | None
    """as in the files"""
    date: str | None
    """ISO 8601"""
    value: float | str | None
    """of the feature"""


class FeatureCheck(Check):
    """A check of the data gate; its threshold is the largest value that passes."""

    gate: ClassVar[Gate] = "data"
    slice: ClassVar[str] = WHOLE

    feature: str
    """the column, or what else was looked at"""
    rows: tuple[Example, ...] = Field(max_length=ROWS_SHOWN)
    """examples"""
    waived_by: str = ""
    """who lets it pass though it failed; empty where nobody does"""

    @property
    def subject(self) -> str:
        return self.feature


class ModelCheck(Check):
    """A check of the model gate or of the serving validator."""

    gate: ClassVar[Gate] = "model"

    model: str
    """which model it judges"""
    slice: str
    """which part of the test split, ``all`` or such as ``store_id=S01``"""
    verdict: Literal["pass", "stop"]
    """what was decided"""
    remedy: str = ""
    """what to do where the check stopped; empty where it passed"""

    @property
    def subject(self) -> str:
        return self.model


AnyCheck = FeatureCheck | ModelCheck
_LEVELS: dict[Verdict, int] = {
    "stop": logging.ERROR, "warn": logging.WARNING, "waived": logging.WARNING, "pass": logging.INFO,
}  # fmt: skip
Kind = TypeVar("Kind", FeatureCheck, ModelCheck)


def checks_to_json(checks: Iterable[AnyCheck]) -> str:
    """What ``checks_from_json`` reads."""
    return json.dumps([check.model_dump(mode="json") for check in checks], indent=1, allow_nan=False)


def log_checks(log: logging.Logger, checks: Iterable[AnyCheck]) -> None:
    """A line for each check that measured something or failed, with its value and bound."""
    for check in checks:
        if check.value is None and not check.failed:
            continue
        figures = check.model_dump(include={"check", "value", "threshold", "margin", "verdict"})
        where = {"gate": check.gate, "subject": check.subject, "slice": check.slice}
        log.log(_LEVELS[check.verdict], "check", extra=where | figures)


def checks_from_json(text: str, kind: type[Kind]) -> list[Kind]:
    """The checks of one gate."""
    return [kind.model_validate(check) for check in json.loads(text)]
