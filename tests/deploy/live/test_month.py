"""Which alerts ring over a simulated month, hour by hour: no false one, and none that is missed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.deploy.live.configurations import RULES
from tests.deploy.live.programs import program

HOURS, DAY = 30 * 24, 24
PLANNING, TRAINING = 6, 2
"""Hour of the day at which yesterday's sales have come and are planned from; and at which a Sunday's training ends."""


@dataclass
class Month:
    """What happens on a day, counted from 0; day 6, 13, 20 and 27 are Sundays.

    Attributes:
        late: hours by which sales and plan of a day are late.
        without_delivery: days on which nothing came, and nothing was planned; their sales come with the next ones.
        closed: days on which no store sold anything.
        refused: days whose data planning refuses.
        training: how a Sunday's training ended; pushed, unless named.
    """

    late: Mapping[int, int] = field(default_factory=dict)
    without_delivery: frozenset[int] = frozenset()
    closed: frozenset[int] = frozenset()
    refused: frozenset[int] = frozenset()
    training: Mapping[int, str] = field(default_factory=dict)

    def at(self, day: int) -> int:
        """The hour at which a day is planned."""
        return day * DAY + PLANNING + self.late.get(day, 0)

    def tried(self, hour: int) -> list[int]:
        """Days of which a planning run has ended by then, oldest first."""
        days = range(-1, HOURS // DAY)
        return [day for day in days if day not in self.without_delivery and self.at(day) <= hour]

    def planned(self, hour: int) -> int:
        return [self.at(day) for day in self.tried(hour) if day not in self.refused][-1]

    def sold(self, hour: int) -> int:
        """The end of the newest day of sales that has been read, in hours."""
        read = [day for day in self.tried(hour) if day not in self.refused][-1]
        return max(day + 1 for day in range(-3, read) if day not in self.closed) * DAY

    def planning_status(self, hour: int) -> str:
        return "refused_data" if self.tried(hour)[-1] in self.refused else "planned"

    def trained(self, hour: int) -> list[tuple[int, str]]:
        """When each training run ended by then, and how."""
        sundays = [-1, *range(6, HOURS // DAY, 7)]
        ended = [(day * DAY + TRAINING, self.training.get(day, "pushed")) for day in sundays]
        return [run for run in ended if run[0] <= hour]

    def pushed(self, hour: int) -> int:
        return [at for at, status in self.trained(hour) if status == "pushed"][-1]


def hours(since: tuple[int, int], until: tuple[int, int]) -> set[int]:
    """From an hour of a day to before an hour of a day."""
    return set(range(since[0] * DAY + since[1], until[0] * DAY + until[1]))


# What happens, and by alert the hours at which it rings.
TABLE: dict[str, tuple[Month, dict[str, set[int]]]] = {
    "punctual data": (Month(), {}),
    "a delivery that is two hours late": (Month(late={10: 2, 11: 1, 20: 2}), {}),
    "a day without delivery": (
        Month(without_delivery=frozenset({12})),
        {"RetailNoPlan": hours((12, 9), (13, PLANNING))},
    ),
    "a holiday": (Month(closed=frozenset({15})), {}),
    "a holiday before a day without delivery": (
        Month(closed=frozenset({15}), without_delivery=frozenset({17})),
        {"RetailNoPlan": hours((17, 9), (18, PLANNING)), "RetailSalesOld": hours((17, 13), (18, PLANNING))},
    ),
    "refused data": (
        Month(refused=frozenset({20})),
        {
            "RetailPlanningRefused": hours((20, PLANNING), (21, PLANNING)),
            "RetailNoPlan": hours((20, 9), (21, PLANNING)),
        },
    ),
    "a failed training": (
        Month(training={13: "failed"}),
        {"RetailTrainingFailed": hours((13, TRAINING), (20, TRAINING))},
    ),
    "training refused twice": (
        Month(training={13: "refused_model", 20: "refused_model"}),
        {
            "RetailTrainingRefused": hours((13, TRAINING), (27, TRAINING)),
            "RetailTrainingMissing": hours((21, TRAINING + 1), (27, TRAINING)),
        },
    ),
    "a DAG that is paused for four days": (
        Month(without_delivery=frozenset({10, 11, 12, 13})),
        {"RetailNoPlan": hours((10, 9), (14, PLANNING)), "RetailSalesOld": hours((11, 13), (14, PLANNING))},
    ),
}


def series(name: str, value: Callable[[int], float | None]) -> dict[str, str]:
    """A series whose value changes by the hour, told each five minutes; _ where there is none."""
    shown = ("_x12" if found is None else f"{found:.0f}x11" for found in map(value, range(HOURS)))
    return {"series": name, "values": " ".join(shown)}


def inputs(month: Month) -> list[dict[str, str]]:
    def seconds(hour: float) -> float:
        return 3600 * hour

    planned = 'sql_retail_planning{status="planned", col="%s"}'
    return [
        series(planned % "ended_seconds", lambda hour: seconds(month.planned(hour))),
        series(planned % "period_seconds", lambda _: 86_400),
        series('sql_retail_newest{col="sales_seconds"}', lambda hour: seconds(month.sold(hour))),
        series('sql_retail_newest{col="period_seconds"}', lambda _: 86_400),
        series('sql_retail_newest{col="pair_seconds"}', lambda hour: seconds(month.pushed(hour))),
        series(
            'sql_retail_training{status="pushed", col="ended_seconds"}',
            lambda hour: seconds(month.pushed(hour)),
        ),
        *(
            series(
                f'sql_retail_planning_newest{{status="{status}", col="is"}}',
                lambda hour, status=status: 1 if month.planning_status(hour) == status else None,  # type: ignore[misc]
            )
            for status in ("planned", "refused_data")
        ),
        *(
            series(
                f'sql_retail_training_newest{{status="{status}", col="is"}}',
                lambda hour, status=status: 1 if month.trained(hour)[-1][1] == status else None,  # type: ignore[misc]
            )
            for status in ("pushed", "failed", "refused_model")
        ),
    ]


@pytest.mark.parametrize("name", TABLE)
def test_what_rings_in_a_month(name: str, tmp_path: Path) -> None:
    month, rings = TABLE[name]
    checks = [
        {
            # Within the hour: what began on it is there, and waiting times below half an hour are over.
            "eval_time": f"{60 * hour + 30}m",
            "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
            "exp_samples": [
                {"labels": f'{{alertname="{alert}"}}', "value": 1}
                for alert, when in rings.items()
                if hour in when
            ],
        }
        for hour in range(HOURS - 1)
    ]
    test = {"interval": "5m", "input_series": inputs(month), "promql_expr_test": checks}
    file = tmp_path / "month.yml"  # JSON is YAML
    file.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "5m", "tests": [test]}))
    done = subprocess.run([program("promtool"), "test", "rules", file], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
