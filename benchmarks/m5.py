"""The upper nine levels of the M5 competition to the data contract.

Source: M5 accuracy competition (Makridakis et al. 2022; Walmart's sales), daily, 2011-01-29 to 2016-05-22. A place (all
stores, a state, a store) is a store of the contract and a thing (all products, a category, a department) its product,
so that levels overlap as they do in the competition's error; or the lowest of the nine levels alone, departments by
store.

The price is the mean price of a series' items, each relative to its own mean. Events and the days on which food stamps
may be spent in a place's state are known in advance: `known_ahead: {event_2: all, snap: all}` below `data`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from numpy.typing import NDArray

from benchmarks.harness import conversion

LOWEST = "Level9"
KNOWN_AHEAD = ("event", "event_2", "snap")
_KEYS = ["level", "place", "thing"]


def convert(source: Path, out: Path, lowest: bool = False) -> int:
    """Writes sales_data, external_factors and products.

    Args:
        source: folder with levels.parquet, calendar.parquet and price_index.parquet.
        out: folder; made where it is missing.
        lowest: only the lowest of the nine levels.

    Returns:
        Rows of sales_data.

    Raises:
        UserError: a file is missing or is another one.
    """
    levels = conversion.read(source / "levels.parquet", [*_KEYS, "d_1"])
    calendar = conversion.read(source / "calendar.parquet", ["date", "d", "wm_yr_wk", "event_name_1"])
    prices = conversion.read(source / "price_index.parquet", [*_KEYS, "wm_yr_wk", "price_index"])
    if lowest:
        levels = levels[levels["level"] == LOWEST]
    days = [name for name in map(str, levels) if name.startswith("d_")]
    sales = levels.melt(_KEYS, days, "d", "units_sold").merge(
        calendar[["d", "date", "wm_yr_wk"]], on="d", validate="many_to_one"
    )
    sales = sales.merge(
        prices[[*_KEYS, "wm_yr_wk", "price_index"]],
        how="left",
        on=[*_KEYS, "wm_yr_wk"],
        validate="many_to_one",
    )
    sales["date"] = pd.to_datetime(sales["date"]).dt.date
    sales = sales.rename(columns={"place": "store_id", "thing": "product_id", "price_index": "unit_price"})
    things = np.sort(levels["thing"].unique())
    conversion.write(
        out,
        {
            "sales_data": sales[["date", "store_id", "product_id", "units_sold", "unit_price"]],
            "external_factors": _external(calendar, np.sort(levels["place"].unique())),
            "products": pd.DataFrame(
                {"product_id": things, "category": [thing.split("_")[0] for thing in things]}
            ),
        },
    )
    return len(sales)


def _external(calendar: pd.DataFrame, places: NDArray[Any]) -> pd.DataFrame:
    """Events of all places, and the share of a place's states in which food stamps may be spent on the day."""
    states = [name for name in map(str, calendar) if name.startswith("snap_")]
    snap = {
        place: calendar[[name for name in states if name == f"snap_{place[:2]}"] or states].mean(axis=1)
        for place in places
    }
    rows = pd.DataFrame(
        {
            "date": pd.to_datetime(calendar["date"]).dt.date,
            "event": calendar["event_name_1"],
            "event_2": calendar["event_name_2"],
        }
    )
    return pd.concat([rows.assign(store_id=place, snap=snap[place]) for place in places], ignore_index=True)


def main(
    source: Annotated[Path, typer.Argument(help="folder with levels, calendar and price_index as Parquet")],
    out: Annotated[Path, typer.Argument(help="folder for sales_data, external_factors and products")],
    lowest: Annotated[bool, typer.Option(help="only the lowest of the nine levels")] = False,
) -> None:
    """Convert the files of SOURCE to the data contract, into the folder OUT."""
    conversion.command(lambda: convert(source, out, lowest), "external_factors and products", out)


app = typer.Typer(add_completion=False)
app.command()(main)

if __name__ == "__main__":
    app()
