"""The exported model's answers, as detectors read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inventory.detection.calibration import Calibration
from inventory.detection.distribution import Demand

CALIBRATION = "calibration"
OUTPUTS = ("mean", "size", "zero", CALIBRATION)


def demand_of(outputs: Mapping[str, NDArray[Any]]) -> Demand:
    """The distribution of each window's coming periods, [N, H]."""
    mean, size, zero = (np.asarray(outputs[name], np.float64) for name in OUTPUTS[:3])
    return Demand(mean, size, zero, calibration_of(outputs).step)


def calibration_of(outputs: Mapping[str, NDArray[Any]]) -> Calibration:
    """The model's calibration, which every window's answer repeats."""
    return Calibration.from_array(np.asarray(outputs[CALIBRATION][0], np.float64))
