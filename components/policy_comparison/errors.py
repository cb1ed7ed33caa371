"""How far the demand model and seasonal naive were off, series by series: what slices are judged by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray


def errors_by_series(windows: Mapping[str, NDArray[Any]], levels: Sequence[float]) -> pa.Table:
    """Absolute errors over the fully stocked periods of the test windows.

    Args:
        windows: store_id, product_id and category (UTF-8), [N, 1]; label_units, label_observed and seasonal_naive,
            [N, H]; quantiles, units, [N, H, Q].
        levels: the Q levels, 0.5 among them.

    Returns:
        store_id, product_id, category (that of its last window), ``model`` and ``seasonal_naive``, units; a row for
        each series with an observed period.
    """
    units, observed = (windows[name].astype(np.float64) for name in ("label_units", "label_observed"))
    median = windows["quantiles"][..., list(levels).index(0.5)]
    texts = {
        name: [text.decode() for text in windows[name][:, 0]]
        for name in ("store_id", "product_id", "category")
    }
    errors = {
        name: (np.abs(forecast - units) * observed).sum(axis=1)
        for name, forecast in (("model", median), ("seasonal_naive", windows["seasonal_naive"]))
    }
    rows = pd.DataFrame({**texts, **errors})[observed.any(axis=1)]
    found = rows.groupby(["store_id", "product_id"], as_index=False).agg(
        {"category": "last", "model": "sum", "seasonal_naive": "sum"}
    )
    schema = pa.schema([(name, pa.string()) for name in texts] + [(name, pa.float64()) for name in errors])
    return pa.Table.from_pandas(found, schema, preserve_index=False)
