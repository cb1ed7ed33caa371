"""The date that is taken for the last one, against the dates that the data have."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from components.example_generation.dates import sales_dates
from contracts.dates import to_date, to_days
from contracts.errors import UserError
from pipeline.config import Config


def settle_as_of(folder: Path, config: Config, later_is_last: bool = False) -> tuple[Config, str]:
    """The configuration with an ``as_of`` that the sales have, and what is to be said of the change.

    A date without sales stands for the newest one before it. The last date of all, where no row lies after it, is as
    good as none, so that the same data are the same batch.

    Args:
        folder: with the files of the data contract.
        config: may name a date.
        later_is_last: a date after the sales stands for their last one.

    Raises:
        UserError: the date lies before the sales, or after them.
    """
    wanted = config.data.as_of
    if wanted is None:
        return config, ""
    days, newest = sales_dates(folder, config.data)
    if not days.size:
        return config, ""  # reading says what is wrong with such data
    first, last = (to_date(days[index]) for index in (0, -1))
    if wanted < first or (wanted > last and not later_is_last):
        side = "before" if wanted < first else "after"
        raise UserError(
            f"as-of {wanted} lies {side} the sales, whose dates are {first} .. {last}; give one of these"
        )
    before = days[days <= to_days(wanted)]
    taken = to_date(before[-1])
    note = (
        "" if taken == wanted else f"there are no sales on {wanted}: as of {taken}, the newest date before it"
    )
    settled = None if newest <= int(before[-1]) else taken
    data = config.data.model_copy(update={"as_of": settled})
    return config.model_copy(update={"data": data}), note


def last_date(folder: Path, config: Config) -> date | None:
    """The newest date of the sales that are read; None where no date can be read."""
    days, _ = sales_dates(folder, config.data)
    if config.data.as_of is not None:
        days = days[days <= to_days(config.data.as_of)]
    return to_date(np.max(days)) if days.size else None
