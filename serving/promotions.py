"""What planned promotions add to a forecast: the demand model is asked with and without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from contracts.arrays import Arrays, Flags, Floats
from inventory.base_stock import moments_of_quantiles
from serving.directory.loading import LoadedModel
from serving.examples import RAW_TENSORS
from transforms.features import FUTURE_PREFIX

Windows = Mapping[str, NDArray[Any]]
PROMOTED_BY = _PROMOTION, _DISCOUNT = FUTURE_PREFIX + "promotion", FUTURE_PREFIX + "discount"
"""The features that say which coming periods are promoted."""

_PRICE = FUTURE_PREFIX + "price"


@dataclass(frozen=True)
class PromotionEffect:
    """What planned promotions add to one window's mean forecast, units.

    Attributes:
        promoted: the coming periods on promotion or at a discount, bool, [H].
        forecast: as planned, [H].
        without: as if these periods had neither, at the price before the discount, [H].
    """

    promoted: Flags
    forecast: Floats
    without: Floats


def promotion_effect(model: LoadedModel, window: Windows) -> PromotionEffect | None:
    """Asks the demand model with and without what is planned; None where no promotion is, or none is known ahead.

    Args:
        model: the demand model.
        window: the raw features of one window, each [1, size].
    """
    promoted = promoted_periods(window)
    if promoted is None or not promoted.any():
        return None
    plain = without_promotions(window, promoted)
    inputs = {name: tf.constant(np.concatenate([values, plain[name]])) for name, values in window.items()}
    found = model.ask(RAW_TENSORS, inputs)
    mean, _ = moments_of_quantiles(found["levels"][0], found["quantiles"])
    return PromotionEffect(promoted[0], mean[0], mean[1])


def promoted_periods(windows: Windows) -> Flags | None:
    """Coming periods on promotion or at a discount, [N, H]; None where neither is known ahead."""
    planned = [
        *([windows[_PROMOTION] > 0] if _PROMOTION in windows else []),
        *([windows[_DISCOUNT] < 1] if _DISCOUNT in windows else []),
    ]
    return np.logical_or.reduce(planned) if planned else None


def without_promotions(windows: Windows, promoted: Flags) -> Arrays:
    """The same windows, each feature [N, size], as if the promoted periods [N, H] were plain ones."""
    # Without a discount nothing says what the regular price is: the item's usual one.
    paid = windows.get(_DISCOUNT, np.float32(np.nan))
    regular = {_PROMOTION: 0, _DISCOUNT: 1, _PRICE: windows[_PRICE] / paid if _PRICE in windows else 0}
    plain = dict(windows)
    for name in regular.keys() & windows.keys():
        plain[name] = np.where(promoted, regular[name], windows[name]).astype(windows[name].dtype)
    return plain
