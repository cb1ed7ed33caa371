"""How the demand watch does, as sums over windows, so that Beam workers and NumPy get the same metrics.

Alarms on the clean windows of a split are false ones; what it can find is asked by planting it into the same windows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from contracts.arrays import Flags, Floats
from inventory.detection.calibration import Calibration
from inventory.detection.distribution import Demand
from inventory.detection.evidence import Evidence, weigh
from inventory.detection.shifts import find_shifts
from inventory.detection.standstill import silent_runs
from inventory.metrics import ratio
from trainers.demand_watch.outputs import calibration_of, demand_of

ALARM = 0.001
"""Below which a p-value counts as an alarm here: one in a thousand of a right model's are."""
_SPIKE, _SPIKE_UNITS = 4.0, 10.0
"""What a planted spike sells: a multiple of what was expected, and units on top."""
_SHIFT, _SHIFT_UNITS = 3.0, 2.0
_FALLEN = 0.3
_SELLING = 2.0
"""Units a period from which a series must be expected to sell for its silence, or its fall, to tell anything."""
NAMES = (
    "false_alarms", "false_shifts", "false_silences", "power_spike", "power_shift_up", "power_shift_down",
    "power_silence", "log_likelihood", "wape",
)  # fmt: skip


def watch_sums(windows: Mapping[str, NDArray[Any]], outputs: Mapping[str, NDArray[Any]]) -> Floats:
    """Sums over a batch of windows; sums of batches add up to the sums of all: [number_of_sums].

    Args:
        windows: label_units, label_observed and label_known, each [N, H].
        outputs: of the exported model.
    """
    demand, calibration = demand_of(outputs), calibration_of(outputs)
    units = windows["label_units"].astype(np.float64)
    known = windows["label_known"] > 0
    judged = (windows["label_observed"] > 0) & known
    asked = judged.any(axis=1)
    selling = asked & (np.where(judged, demand.expected, np.inf).min(axis=1) >= _SELLING)

    def weighed(sold: Floats) -> Evidence:
        return weigh(demand, calibration, np.round(sold / demand.step) * demand.step, judged, known)

    clean = weighed(units)
    horizon = units.shape[1]
    late = np.arange(horizon)[None, :] >= horizon // 2
    middle = np.zeros_like(judged)
    middle[:, horizon // 2] = judged[:, horizon // 2]
    spiked = weighed(np.where(middle, _SPIKE * demand.expected + _SPIKE_UNITS, units))
    risen = weighed(np.where(late, _SHIFT * units + _SHIFT_UNITS, units))
    fallen = weighed(np.where(late, _FALLEN * units, units))
    empty = weighed(np.where(late, 0.0, units))
    return np.array(
        [
            judged.sum(),
            (judged & (clean.upper <= ALARM)).sum(),
            asked.sum(),
            (_shifted(clean, calibration, "up") | _shifted(clean, calibration, "down")).sum(),
            _silent(clean, calibration).sum(),
            middle.sum(),
            (middle & (spiked.upper <= ALARM)).sum(),
            _shifted(risen, calibration, "up").sum(),
            selling.sum(),
            (selling & _shifted(fallen, calibration, "down")).sum(),
            (selling & _silent(empty, calibration)).sum(),
            np.where(judged, _log_likelihood(demand, units), 0.0).sum(),
            np.where(judged, np.abs(demand.expected - units), 0.0).sum(),
            np.where(judged, units, 0.0).sum(),
        ],
        np.float64,
    )


def watch_metrics(sums: Floats) -> dict[str, float]:
    """The metrics of ``NAMES``, from the sums; one that there is nothing to judge by is NaN.

    False ones are per 1,000: alarms of single periods, shifts and silences of windows, each at ``ALARM``. Power is the
    share of the planted ones that is found at the same; falls and silences are planted where sales are certain.
    """
    (
        periods,
        alarms,
        windows,
        shifts,
        silences,
        middles,
        spikes,
        risen,
        selling,
        fallen,
        empty,
        log,
        off,
        units,
    ) = sums
    return {
        "false_alarms": 1000 * ratio(alarms, periods),
        "false_shifts": 1000 * ratio(shifts, windows),
        "false_silences": 1000 * ratio(silences, windows),
        "power_spike": ratio(spikes, middles),
        "power_shift_up": ratio(risen, windows),
        "power_shift_down": ratio(fallen, selling),
        "power_silence": ratio(empty, selling),
        "log_likelihood": ratio(log, periods),
        "wape": ratio(off, units),
    }


def _log_likelihood(demand: Demand, units: Floats) -> Floats:
    return np.maximum(demand.log_probability(units), -100.0)


def _shifted(evidence: Evidence, calibration: Calibration, direction: Literal["up", "down"]) -> Flags:
    return find_shifts(evidence.scores, evidence.judged, calibration.series, direction).p_values <= ALARM


def _silent(evidence: Evidence, calibration: Calibration) -> Flags:
    return silent_runs(evidence, calibration.series).p_values <= ALARM
