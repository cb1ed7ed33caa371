"""The weekly sales of the VN2 inventory planning challenge to the data contract.

Source: VN2 (Supply Chains and DataSource.ai, 2025), 599 series of a grocer over 157 weeks. The challenge sets the costs
of every product: 0.2 for a unit that is left at the end of a week, 1 for a unit not served; an order is on the shelf at
the start of the third week after it.

What the data does not hold stays away: prices, promotions, stock on hand, unit costs, pack sizes, order limits.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from benchmarks.harness import conversion

LEAD_TIME, HOLDING_COST, SHORTAGE_COST = 2, 0.2, 1.0
_SALES = ("date", "store_id", "product_id", "units_sold", "in_stock")


def convert(source: Path, out: Path) -> int:
    """Writes sales_data and products.

    Args:
        source: folder with history.parquet and master.parquet.
        out: folder; made where it is missing.

    Returns:
        Rows of sales_data.

    Raises:
        UserError: a file is missing or is another one.
    """
    history = conversion.read(source / "history.parquet", _SALES)
    master = conversion.read(source / "master.parquet", ("product_id", "Department"))
    sales = history[list(_SALES)].assign(date=pd.to_datetime(history["date"]).dt.date)
    products = (
        master.drop_duplicates("product_id")
        .sort_values("product_id")[["product_id", "Department"]]
        .rename(columns={"Department": "category"})
        .assign(lead_time=LEAD_TIME, holding_cost=HOLDING_COST, shortage_cost=SHORTAGE_COST)
    )
    conversion.write(out, {"sales_data": sales, "products": products})
    return len(sales)


def main(
    source: Annotated[Path, typer.Argument(help="folder with history.parquet and master.parquet")],
    out: Annotated[Path, typer.Argument(help="folder for sales_data and products")],
) -> None:
    """Convert the files of SOURCE to the data contract, into the folder OUT."""
    conversion.command(lambda: convert(source, out), "products", out)


app = typer.Typer(add_completion=False)
app.command()(main)

if __name__ == "__main__":
    app()
