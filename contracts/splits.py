"""The splits that windows are cut into, and the folders that TFX keeps splits in."""

from __future__ import annotations

TRAIN, EVAL, TEST = "train", "eval", "test"
REFIT = "refit"
"""Windows nearest to the test period, which training looks at last.

Train and eval leave them out: their label windows cross the border between those two, or reach into the test period,
where their labels end.
"""
DECISION_POINTS = "decision_points"
"""Windows at which the test period's orders are placed; without labels, for the simulation."""
CHOICE_POINTS = "choice_points"
"""The same of the eval period, of some series: what the policy that plans is chosen by."""


def split_folder(split: str) -> str:
    """Name of a split's folder in an artifact of examples or of their statistics."""
    return f"Split-{split}"
