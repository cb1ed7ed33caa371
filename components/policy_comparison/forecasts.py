"""The demand forecasts of the test windows as a flat table, for whoever looks at single series."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from contracts.rows import SERIES_KEYS
from serving.promotions import promoted_periods


def forecast_table(
    windows: Mapping[str, NDArray[Any]], levels: Sequence[float], period_days: int
) -> pa.Table:
    """One row for each window and step: what was forecast, and what came.

    Args:
        windows: store_id, product_id (bytes) and origin (days since 1970-01-01), each [N, 1]; label_units, label_known
            and label_observed, [N, H]; quantiles, units, [N, H, Q]; what is planned ahead, as models see it, [N, H].
        levels: the Q levels.
        period_days: 1 or 7.

    Returns:
        store_id, product_id, origin (date), step (1..H), date (of the period that is forecast), units (actual; null
        where unknown or closed), observed (0/1), promoted (whether a promotion or discount was planned; null where none
        is known ahead), and the forecast in units at each level in a column of its own, such as ``q0.05``; window by
        window, step by step.
    """
    count, horizon = windows["label_units"].shape
    window = pa.array(np.repeat(np.arange(count), horizon))
    step = np.tile(np.arange(1, horizon + 1, dtype=np.int16), count)
    origin = np.repeat(windows["origin"][:, 0].astype(np.int32), horizon)
    quantiles = windows["quantiles"].reshape(count * horizon, len(levels)).astype(np.float32)
    texts = {
        name: pa.array(windows[name][:, 0], pa.binary()).cast(pa.string()).take(window)
        for name in SERIES_KEYS
    }
    planned = promoted_periods(windows)
    promoted = pa.nulls(len(step), pa.bool_()) if planned is None else pa.array(planned.reshape(-1))
    return pa.table(
        {
            **texts,
            "origin": pa.array(origin).cast(pa.date32()),
            "step": step,
            "date": pa.array(origin + step * np.int32(period_days)).cast(pa.date32()),
            "units": pa.array(
                windows["label_units"].reshape(-1).astype(np.float32),
                mask=windows["label_known"].reshape(-1) == 0,
            ),
            "observed": (windows["label_observed"].reshape(-1) > 0).astype(np.int8),
            "promoted": promoted,
            **{quantile_column(level): quantiles[:, i] for i, level in enumerate(levels)},
        }
    )


def quantile_column(level: float) -> str:
    """Name of the column of one level."""
    return f"q{level!r}"


def quantile_columns(names: Iterable[str]) -> dict[float, str]:
    """The columns of quantiles among some, by their levels."""
    found = {}
    for name in names:
        with suppress(ValueError):
            level = float(name[1:])
            if 0 < level < 1 and name == quantile_column(level):
                found[level] = name
    return found
