"""The summary of a run: what came in, how good the models are, what was decided and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt, model_validator

from contracts.errors import Problem, UserError
from contracts.models import MODELS, Stage
from contracts.records.base import Number, Record
from contracts.records.checks import AnyCheck, FeatureCheck, ModelCheck
from contracts.records.fallback import Fallback
from contracts.records.planning import Planning

SUMMARY_FILE = "summary.json"
Status = Literal["pushed", "refused_data", "refused_model", "failed"]


class DataSummary(Record):
    """What came in, and what the data gate said of it."""

    rows: NonNegativeInt
    """of all series"""
    series: NonNegativeInt
    """pairs of a store and a product"""
    first_date: date | None
    """of the rows"""
    last_date: date | None
    """of the rows"""
    rejected_rows: NonNegativeInt
    """rows of all files set aside by the quarantine"""
    span: PositiveInt | None
    """number of the batch in this workspace"""
    fallbacks: tuple[Fallback, ...]
    """what stands in for what the files lack"""
    notes: tuple[str, ...]
    """what else is to be said of the files"""
    warnings: tuple[str, ...]
    """failed checks that did not stop the run"""
    checks: tuple[FeatureCheck, ...]
    """every check of the data gate, stops first; empty where the run ended before it"""
    problems: tuple[Problem, ...]
    """why the data was refused"""
    windows: dict[str, int]
    """windows by split"""


class Component(Record):
    """How one node of the pipeline ended."""

    node: str
    """its id"""
    state: Literal["ran", "cached", "refused", "failed", "skipped"]
    """how it ended"""
    seconds: NonNegativeFloat
    """wall time"""
    cached: bool
    """whether an earlier run's outputs were taken"""
    peak_mib: NonNegativeInt
    """largest resident memory of its process, MiB"""
    reason: str
    """what stopped it; empty where nothing did"""


class Metrics(Record, extra="allow"):
    """A model's own metrics on the whole test split by name, such as ``wape``; empty where it was not evaluated."""

    __pydantic_extra__: dict[str, Number]

    coverage: dict[str, Number] = {}
    """of the demand model: share of the demand up to each quantile, by level"""


class ModelSummary(Record):
    """How good a model is, and what was decided."""

    metrics: Metrics
    """its own metrics on the whole test split"""
    baselines: dict[str, dict[str, Number]]
    """metrics of what it is held against, by method"""
    checks: tuple[ModelCheck, ...]
    """every check of it"""
    slices: dict[str, dict[str, Number]]
    """its metrics by part of the test split, such as ``store_id=S01``"""
    blessed: bool
    """whether no check of the pair stopped"""
    reasons: tuple[str, ...]
    """why it was refused; empty where it was not"""
    pushed_version: int | None
    """version in the serving directory"""
    stage: Stage | None
    """what the pair is in the serving directory; withdrawn: it was rolled back, and stays so"""

    @property
    def evaluated(self) -> bool:
        return bool(self.metrics.__pydantic_extra__)

    @property
    def methods(self) -> Mapping[str, Mapping[str, Number]]:
        """Metrics of the model itself, and of what it is held against."""
        return {"model": self.metrics.__pydantic_extra__, **self.baselines}


class WatchSummary(Record):
    """How the demand watch does, and what was decided; the pair does not depend on it."""

    metrics: dict[str, Number]
    """on the whole test split, by name, such as ``false_alarms`` in 1,000 periods; empty where it was not evaluated"""
    blessed: bool
    """whether it goes with the pair"""
    reasons: tuple[str, ...]
    """why it does not; empty where it does"""
    pushed_version: int | None
    """of the pair that it was pushed with"""


class PolicyMetrics(Record):
    """What a policy cost and how well it served; of the lower bound only the cost is known."""

    total_cost: Number
    """holding and shortage cost, and what was wasted, money"""
    holding_cost: Number = None
    """of what was left over, money"""
    shortage_cost: Number = None
    """of what was not served, money"""
    waste_cost: Number = None
    """of what expired, money"""
    units_wasted: Number = None
    """that expired"""
    fill_rate: Number = None
    """share of the units demanded that were served"""
    cycle_service_level: Number = None
    """share of the cycles of an item without a shortage"""
    average_stock_units: Number = None
    """at a period's end"""
    average_stock_value: Number = None
    """of the items whose unit cost is known, money"""
    stock_turns: Number = None
    """cost of the goods sold in a year over the average stock value"""
    orders: Number = None
    """their number"""
    units_ordered: Number = None
    """of all orders"""
    units_demanded: Number = None
    """of all periods"""


class Simulated(PolicyMetrics):
    """A policy in the simulation."""

    by: dict[str, PolicyMetrics] = {}
    """the same by store and by category"""


class Summary(Record):
    """summary.json of a run.

    Ratios are fractions; bias is (forecast - actual) / actual, signed; money is in the retailer's currency; a number
    that nothing could be judged by is null.
    """

    version: Literal[1]
    """of this description; another one wherever a reader of this one would no longer do"""
    run_id: str
    """sorts by time"""
    status: Status
    """how the run ended"""
    data: DataSummary
    """what came in"""
    components: tuple[Component, ...]
    """in the pipeline's order"""
    models: dict[str, ModelSummary] = Field(json_schema_extra={"required": list(MODELS)})
    """by name, both of them"""
    simulation: dict[str, Simulated]
    """by policy, over the test period in closed loop; clairvoyant is a lower bound on cost and no policy"""
    planning: Planning | None = None
    """by which of them the pair plans; null where the run ended before it was chosen"""
    watch: WatchSummary | None = None
    """the demand watch; null where it is off"""
    because: str = ""
    """why it ran, as whoever started it said; empty where nobody did"""

    @model_validator(mode="before")
    @classmethod
    def _unversioned(cls, content: Any) -> Any:
        """What was written before there were versions may lack, or hold otherwise, what came later."""
        if not isinstance(content, Mapping) or "version" in content:
            return content
        models = {
            name: {
                **{field: value for field, value in model.items() if field != "standing"},
                "stage": model.get("standing"),
                "checks": [check for check in model["checks"] if "verdict" in check],
            }
            for name, model in content["models"].items()
        }
        return {
            "version": 1,
            "simulation": {},
            **content,
            "data": {"checks": [], **content["data"]},
            "components": [{"reason": "", **component} for component in content["components"]],
            "models": models,
        }

    @property
    def checks(self) -> list[AnyCheck]:
        """Of both gates, the data gate's first."""
        return [*self.data.checks, *(check for model in self.models.values() for check in model.checks)]

    @property
    def reasons(self) -> list[str]:
        """Why the models were refused."""
        return [reason for model in self.models.values() for reason in model.reasons]

    @property
    def remedies(self) -> list[str]:
        """What to do about the model gate's checks that stopped, each kind once."""
        checks = (check for model in self.models.values() for check in model.checks)
        return list(
            dict.fromkeys(check.remedy for check in checks if check.verdict == "stop" and check.remedy)
        )

    def to_json(self) -> str:
        """What ``read`` reads."""
        # Not pydantic's own JSON: names in the data may hold what is no UTF-8.
        content = self.model_dump(mode="json", exclude_unset=True)
        return json.dumps(content, indent=2, allow_nan=False) + "\n"

    @classmethod
    def read(cls, path: Path) -> Summary:
        """The summary in a file.

        Raises:
            OSError: it cannot be read.
            UserError: it is none, or one of a later release.
        """
        try:
            return cls.model_validate(json.loads(path.read_text()))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise UserError(
                f"{path}: is no summary that this release reads; run again, or use the release that wrote it"
            ) from error
