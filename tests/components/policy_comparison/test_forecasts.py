"""The flat table of forecasts holds each window's own values, in order."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from components.policy_comparison.forecasts import forecast_table

LEVELS = (0.05, 0.5, 0.95)


def test_each_row_is_one_window_and_step_with_its_own_figures() -> None:
    random = np.random.default_rng(4)
    count, horizon = 3, 4
    stores, products = [b"S1", "Zürich".encode(), b"S1"], [b"P1", b"P1", b"P2"]
    windows = {
        "store_id": np.array(stores, dtype=object)[:, None],
        "product_id": np.array(products, dtype=object)[:, None],
        "origin": np.array([[20000], [20007], [20014]]),
        "label_units": random.integers(0, 9, (count, horizon)).astype(np.float32),
        "label_known": np.ones((count, horizon), np.float32),
        "label_observed": random.integers(0, 2, (count, horizon)).astype(np.float32),
        "future_promotion": random.choice([0, 1, np.nan], (count, horizon)).astype(np.float32),
        "quantiles": random.random((count, horizon, len(LEVELS)), dtype=np.float32),
    }

    windows["label_known"][1, 2] = 0
    table = forecast_table(windows, LEVELS, period_days=7)

    assert table.schema.field("origin").type == pa.date32()
    expected = [
        {
            "store_id": stores[i].decode(),
            "product_id": products[i].decode(),
            "origin": date(1970, 1, 1) + timedelta(days=int(windows["origin"][i, 0])),
            "step": h + 1,
            "date": date(1970, 1, 1) + timedelta(days=int(windows["origin"][i, 0]) + 7 * (h + 1)),
            "units": windows["label_units"][i, h] if (i, h) != (1, 2) else None,
            "observed": windows["label_observed"][i, h],
            "promoted": bool(windows["future_promotion"][i, h] == 1),
            **{f"q{level}": windows["quantiles"][i, h, q] for q, level in enumerate(LEVELS)},
        }
        for i in range(count)
        for h in range(horizon)
    ]
    assert table.to_pylist() == expected

    del windows["future_promotion"]
    assert forecast_table(windows, LEVELS, period_days=7)["promoted"].null_count == count * horizon
