"""The forecasts and levels that the models are compared with, from the same history that the models see."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contracts.arrays import Arrays, Floats
from inventory.base_stock import cycle_base_stock_level, protection_interval
from inventory.history import peak_limits
from transforms.history import OUTLIER_MULTIPLE


def recent_means(windows: Arrays, periods: int) -> NDArray[np.float32]:
    """Mean of the sales as they were, over the known ones of the last ``periods``: shape [windows, horizon], units.

    0 where the store is closed.
    """
    units, mask = windows["history_units"][:, -periods:], windows["history_present"][:, -periods:]
    mean = (units * mask).sum(axis=1) / np.maximum(mask.sum(axis=1), 1)
    return np.asarray(mean[:, None] * windows["future_open"], dtype=np.float32)


def seasonal_naive(windows: Arrays, season: int, fallback: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sales one season before (Hyndman and Athanasopoulos, FPP3, 5.2): shape [windows, horizon], units.

    Where that period is unknown, closed or older than the history, the fallback's value; 0 where the store is closed.
    """
    history, horizon = windows["history_units"].shape[1], fallback.shape[1]
    if season > history:
        return fallback
    back = history - season + np.arange(horizon) % season
    mask = windows["history_present"][:, back] > 0
    forecast = np.where(mask, windows["history_units"][:, back], fallback)
    return np.asarray(forecast * windows["future_open"], dtype=np.float32)


def without_peaks(windows: Arrays) -> Floats:
    """The history's units with lone peaks cut down as the models see them: shape [windows, T], units.

    Promotions are not cut; see ``inventory.history.peak_limits``.
    """
    units, promoted = windows["history_units"].astype(np.float64), windows["history_promotion"] > 0
    limits = peak_limits(units, windows["history_present"] > 0, promoted, OUTLIER_MULTIPLE)
    return np.where(promoted, units, np.minimum(units, limits[:, None]))


def open_shares(windows: Arrays) -> Floats:
    """Share of the protection interval's periods on which the store is open: shape [windows].

    Beyond the horizon it goes on as within it.
    """
    interval = protection_interval(windows["lead_time"], windows["review_period"])
    is_open = windows["future_open"]
    within = np.arange(is_open.shape[1]) < interval
    return np.asarray((is_open * within).sum(axis=1) / within.sum(axis=1))


def base_stock_levels(windows: Arrays, periods: int) -> NDArray[np.float32]:
    """Order-up-to level with normal safety stock from the last fully stocked periods: shape [windows, 1], units.

    It covers the periods of the interval on which the store is open. One outlying sale does not set it
    (``without_peaks``).
    """
    units = without_peaks(windows)[:, -periods:]
    stocked = windows["history_in_stock"][:, -periods:] >= 1.0
    count = np.maximum(stocked.sum(axis=1), 1)
    mean = (units * stocked).sum(axis=1) / count
    variance = (((units - mean[:, None]) ** 2) * stocked).sum(axis=1) / np.maximum(count - 1, 1)
    share = open_shares(windows)
    supply = (windows[name][:, 0] for name in ("lead_time", "review_period", "holding_cost", "shortage_cost"))
    level = cycle_base_stock_level(mean * share, np.sqrt(variance * share), *supply)
    return level[:, None].astype(np.float32)
