"""Errors of the arena, against plain loops."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from benchmarks.arena import scores

DAYS = pd.date_range("2024-01-01", periods=30)


@pytest.fixture
def sales() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = [(f"S\t{p}", "S", str(p), day) for p in range(4) for day in DAYS]
    table = pd.DataFrame(rows, columns=["unique_id", "store_id", "product_id", "date"])
    table["units"] = rng.poisson(3, len(table)).astype(float)
    table["stocked"] = np.where(rng.random(len(table)) < 0.2, 0.5, 1.0)
    # One series begins late, one never sells anything before the origin.
    table.loc[(table["product_id"] == "1") & (table["date"] < DAYS[10]), "units"] = 0.0
    table.loc[(table["product_id"] == "2") & (table["date"] < DAYS[23]), "units"] = 0.0
    return table


def _parts(sales: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    past = sales["date"] < DAYS[23]
    history = sales[past].rename(columns={"date": "ds", "units": "y"})
    came = sales[~past]
    said = np.random.default_rng(4).gamma(3, 1, len(came))
    return history, came, came[["unique_id", "date"]].assign(demand=said).sample(frac=1, random_state=1)


def test_rmsse_equals_a_plain_loop(sales: pd.DataFrame) -> None:
    history, came, forecast = _parts(sales)
    said = {(row["unique_id"], row["date"]): row["demand"] for row in forecast.to_dict("records")}
    each = []
    for name in ("S\t0", "S\t1", "S\t3"):
        units = history.loc[history["unique_id"] == name, "y"].tolist()
        while units[0] == 0:
            units.pop(0)
        change = [(b - a) ** 2 for a, b in pairwise(units)]
        rows = came[(came["unique_id"] == name) & (came["stocked"] == 1.0)].to_dict("records")
        error = [(said[name, row["date"]] - row["units"]) ** 2 for row in rows]
        each.append((np.mean(error) / np.mean(change)) ** 0.5)

    assert scores.rmsse(history, came, forecast) == pytest.approx(np.mean(each))


def test_wrmsse_weighs_the_series_of_each_level(sales: pd.DataFrame) -> None:
    _, came, forecast = _parts(sales)
    levels = pd.DataFrame(
        {
            "level": ["top", "below", "below", "below"],
            "place": "S",
            "thing": ["0", "1", "2", "3"],
            "weight": [1.0, 0.5, 0.3, 0.2],
            "scale": [4.0, 3.0, 2.0, 1.0],
        }
    )
    said = {(row["unique_id"], row["date"]): row["demand"] for row in forecast.to_dict("records")}

    def root(thing: str, scale: float) -> float:
        rows = came[came["product_id"] == thing].to_dict("records")
        square = sum((said[row["unique_id"], row["date"]] - row["units"]) ** 2 for row in rows) / len(rows)
        return float((square / scale) ** 0.5)

    found = scores.wrmsse(levels, came, forecast)

    assert found["top"] == pytest.approx(root("0", 4.0))
    assert found["below"] == pytest.approx(0.5 * root("1", 3.0) + 0.3 * root("2", 2.0) + 0.2 * root("3", 1.0))
    with pytest.raises(ValueError, match="1 series"):
        scores.wrmsse(levels, came[came["product_id"] != "3"], forecast)


def test_sums_of_normal_quantiles_are_covered_as_often_as_their_levels_say() -> None:
    levels, z = (0.1, 0.5, 0.9), np.array([-1.2815515655, 0.0, 1.2815515655])
    rng = np.random.default_rng(5)
    units = 100 + 5 * rng.standard_normal((4000, 4))
    units[7, 1] = np.nan
    quantiles = np.broadcast_to(100 + 5 * z, (4000, 4, 3))

    found = scores.interval_sums(levels, quantiles, (), units, 3)

    sums = units[:, :3].sum(axis=1)
    sums = sums[np.isfinite(sums)]
    at = 300 + 5 * 3**0.5 * z
    pinball = [
        np.mean([level * (y - q) if y > q else (level - 1) * (y - q) for y in sums])
        for level, q in zip(levels, at, strict=True)
    ]
    assert found["pinball"] == pytest.approx(np.mean(pinball), rel=0.02)
    assert abs(found["coverage_gap"]) < 0.02
    assert scores.interval_sums(levels, quantiles, (), np.full((4000, 4), np.nan), 3) == {}
