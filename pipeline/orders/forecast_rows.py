"""The forecasts of a plan as rows of the store and of its file."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.example_generation.joining.planned import Plan as Planned
from contracts.arrays import Floats
from contracts.columns import PLANNED_AS
from contracts.rows import SERIES_KEYS, single
from pipeline.orders.planning.frame import Frame
from pipeline.orders.planning.lines import quantiles_of


def forecast_rows(scored: pa.Table, mean: Floats, frame: Frame, planned: Planned | None) -> pa.Table:
    """One row for each series and coming period: as_of, store_id, product_id, date, mean and quantiles, in units.

    Besides ``on_promotion``, whether one is planned: null where nobody says; and ``promotion_units``, what planned
    promotions and discounts add to the mean: null where none is planned.

    Args:
        scored: rows of ``pipeline.orders.planning.scoring.score``.
        mean: their ``mean_demand``, [N, H].
        planned: prices and promotions to come; None: there is no such file.
    """
    quantiles, there = quantiles_of(scored, frame)
    mean = mean[there]
    count, horizon = mean.shape
    which = pa.array(np.repeat(np.flatnonzero(there), horizon))
    dates = frame.as_of + frame.period_days * np.tile(np.arange(1, horizon + 1), count)
    width = len(frame.levels)
    flat = pa.array(quantiles[there].reshape(-1).astype(np.float32))
    lists = pa.ListArray.from_arrays(np.arange(0, len(flat) + 1, width, dtype=np.int32), flat)
    keys = {name: single(scored[name].take(which)) for name in SERIES_KEYS}
    promotion: pa.Array = pa.nulls(len(dates), pa.bool_())
    if planned is not None:
        found = planned.find({**keys, "date": pa.array(dates)}).get(PLANNED_AS["on_promotion"])
        promotion = promotion if found is None else pc.equal(found, 1)
    return pa.table(
        {
            "as_of": pa.array(np.full(len(dates), frame.as_of, np.int32)).cast(pa.date32()),
            **keys,
            "date": pa.array(dates.astype(np.int32)).cast(pa.date32()),
            "mean": mean.reshape(-1).astype(np.float32),
            "quantiles": lists,
            "on_promotion": promotion,
            "promotion_units": single(scored["promotion_units"].filter(pa.array(there))).flatten(),
        }
    )
