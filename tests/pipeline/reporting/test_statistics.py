"""Figures and distributions of features against pandas and NumPy on the same rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.reporting.data import Feature
from pipeline.reporting.statistics import features, rebinned
from tests.pipeline.reporting.made_up import check

ROWS = 4000


def rows(seed: int, scale: float = 1.0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "date": np.arange(ROWS) % 50,
            "price": random.uniform(1, 9, ROWS) * scale,
            "units": random.pareto(1.1, ROWS),
            "store_id": random.choice(["S1", "S2", "S3"], ROWS, p=[0.6, 0.3, 0.1]),
            "constant": np.full(ROWS, 7.0),
        }
    )
    frame.loc[random.random(ROWS) < 0.2, "price"] = np.nan
    return frame


def found(new: pd.DataFrame, before: pd.DataFrame | None) -> dict[str, Feature]:
    spans = [tfdv.generate_statistics_from_dataframe(f) if f is not None else None for f in (new, before)]
    drift = [check("warn", "price"), check("pass", "units", check="missing")]
    return {feature.name: feature for feature in features(spans[0], spans[1], drift)}


@pytest.fixture(scope="module", name="both")
def _both() -> dict[str, Feature]:
    return found(rows(1), rows(2, scale=100.0))


def test_figures_equal_those_of_pandas(both: dict[str, Feature]) -> None:
    for seed, scale, side in ((1, 1.0, "new"), (2, 100.0, "before")):
        frame, span = rows(seed, scale), getattr(both["price"], side)
        price = frame["price"]
        assert span.rows == ROWS
        assert span.missing == pytest.approx(price.isna().mean())
        assert (span.low, span.high) == pytest.approx((price.min(), price.max()))
        assert span.mean == pytest.approx(price.mean())
        assert span.median == pytest.approx(price.median(), rel=0.02)
        shares = frame["store_id"].value_counts(normalize=True)
        text = getattr(both["store_id"], side)
        assert text.values == pytest.approx(shares.to_dict()) and text.unique == 3
    assert "date" not in both


def test_both_spans_stand_on_the_same_edges_and_tell_a_price_times_100(both: dict[str, Feature]) -> None:
    assert both["price"].before
    new, before = both["price"].new.bins, both["price"].before.bins
    assert new and before and new.edges == before.edges
    for frame, bins in ((rows(1), new), (rows(2, 100.0), before)):
        counts, _ = np.histogram(frame["price"].dropna(), bins.edges)
        assert bins.shares == pytest.approx(counts / counts.sum(), abs=0.03)
    assert new.shares[0] == pytest.approx(1.0)


def test_a_long_tail_is_counted_into_the_last_step(both: dict[str, Feature]) -> None:
    bins = both["units"].new.bins
    units = rows(1)["units"]
    assert bins and bins.open_above and bins.edges[-1] < units.max() / 5
    counts, _ = np.histogram(units.clip(upper=bins.edges[-1]), bins.edges)
    assert bins.shares == pytest.approx(counts / ROWS, abs=0.03)
    price = both["price"].new.bins
    assert price and not price.open_above


def test_a_constant_has_one_step_around_it(both: dict[str, Feature]) -> None:
    assert both["constant"].new.bins and both["constant"].new.bins.shares == (1.0,)


def test_only_a_drift_check_of_its_own_stands_beside_a_feature(both: dict[str, Feature]) -> None:
    drift = both["price"].drift
    assert drift and drift.verdict == "warn"
    assert both["units"].drift is None


def test_without_an_earlier_span_nothing_is_compared() -> None:
    assert all(feature.before is None for feature in found(rows(1), None).values())


def test_a_column_that_changed_its_kind_or_is_empty_is_not_compared() -> None:
    new = rows(1).assign(units=np.nan, price="dear")
    changed = found(new, rows(2))
    assert changed["price"].before is None and changed["price"].new.values == {"dear": 1.0}
    assert changed["units"].new.missing == 1.0 and changed["units"].new.bins is None


@settings(max_examples=100, deadline=None)
@given(
    widths=st.lists(st.floats(0.01, 10), min_size=1, max_size=6),
    counts=st.lists(st.integers(0, 50), min_size=6, max_size=6),
    upper=st.floats(0.1, 1.0),
)
def test_rebinning_keeps_the_cumulative_shares(widths: list[float], counts: list[int], upper: float) -> None:
    bounds = np.concatenate([[0.0], np.cumsum(widths)])
    count = np.array(counts[: len(widths)], float)
    edges = np.linspace(0, bounds[-1] * upper, 5)
    shares = rebinned(bounds[:-1], bounds[1:], count, edges)
    if not count.sum():
        assert not shares.any()
        return
    assert shares.sum() == pytest.approx(1.0)
    expected = np.interp(edges[1:-1], bounds, np.concatenate([[0.0], np.cumsum(count)])) / count.sum()
    assert np.cumsum(shares)[:-1] == pytest.approx(expected, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(values=st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_buckets_of_single_values_are_counted_as_numpy_counts(values: list[int]) -> None:
    points, counts = np.unique(values, return_counts=True)
    edges = np.linspace(0, 9, 4)
    expected, _ = np.histogram(values, edges)
    shares = rebinned(points.astype(float), points.astype(float), counts.astype(float), edges)
    assert shares == pytest.approx(expected / len(values))
