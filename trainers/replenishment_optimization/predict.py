"""Order-up-to levels and largest orders of an exported replenishment model for window files."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from trainers import command_line
from trainers.scoring import keys, score
from transforms.features import FeatureSpace


def predict(directory: str, files: Sequence[str], space: FeatureSpace) -> pd.DataFrame:
    """One row for each window.

    Args:
        directory: a SavedModel of the replenishment model.
        files: TFRecord files of raw windows; labels are not needed.
        space: the windows' features.

    Returns:
        store_id, product_id, as_of (date of the origin), protection (L + R, periods), order_up_to_level and
        largest_order (units).

    Raises:
        ValueError: the files hold no window.
    """
    outputs, windows = score(directory, files, space.static())
    table = keys(windows)
    table["protection"] = (windows["lead_time"] + windows["review_period"])[:, 0]
    for name in ("order_up_to_level", "largest_order"):
        table[name] = outputs[name][:, 0]
    return table


if __name__ == "__main__":
    command_line.predict_main(__doc__ or "", predict)
