"""What is learned to forecast, and where it is known."""

from __future__ import annotations

import tensorflow as tf

from trainers.dataset import Parsed


def demand_of(parsed: Parsed, recovered: bool) -> tuple[tf.Tensor, tf.Tensor]:
    """Labels [N, H], units, and masks [N, H]: 0 where the demand is unknown, or the store is closed.

    With ``recovered`` a period that was stocked for a part counts with its sales scaled up, else it is left out.
    """
    label, mask = ("label_demand", "label_demand_known") if recovered else ("label_units", "label_observed")
    # The demand of a closed period is known to be 0, which says nothing of one that is open.
    return parsed[label], parsed[mask] * parsed["label_known"]


def loss_weights(mask: tf.Tensor, scale: tf.Tensor, volume_power: float) -> tf.Tensor:
    """Weights [N, H] of errors in units, by masks [N, H] and scales [N, 1]: a window's are its scale to the power."""
    return mask * tf.pow(scale, volume_power - 1.0)
