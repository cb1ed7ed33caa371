"""FreshRetailNet-50K to the data contract.

Source: FreshRetailNet-50K (Wang et al. 2025, arXiv:2505.16319, Dingdong-Inc), CC BY 4.0. The input is the
daily form: hourly arrays summed to days, stock status kept as hours out of stock between 6 and 22 o'clock.

What the data does not hold stays away, and the fallbacks of the contract stand in for it: prices in money,
stock on hand, unit costs, lead times, pack sizes, order limits, holding and shortage costs.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import typer

from benchmarks.harness import conversion
from contracts.durable import replacing
from contracts.errors import UserError

_OPENING_HOURS = 16.0
_WEATHER = {
    "holiday_flag": "holiday",
    "precpt": "precipitation",
    "avg_temperature": "temperature",
    "avg_humidity": "humidity",
    "avg_wind_level": "wind",
}
_SALES = ("dt", "store_id", "product_id", "sale_amount", "discount", "activity_flag", "oos_hours_6_22")


class Category(str, Enum):
    """Which level of the product tree becomes the category."""

    first = "first"
    second = "second"
    third = "third"


def convert(source: Path, out: Path, category: Category = Category.first) -> int:
    """Write sales_data, external_factors and products as Parquet.

    `units_sold` are the data's normalised units; `in_stock` is the share of the hours from 6 to 22 with
    stock; a discount of 0 or above 1 is a bad value and becomes missing. Weather and holidays go to
    external_factors, one row for each store and date (the mean, should rows of a store and date differ).

    Args:
        source: the daily Parquet file.
        out: folder; made where it is missing.
        category: level of the product tree that becomes the category.

    Returns:
        Rows of sales_data.

    Raises:
        UserError: there is no such file, it is no Parquet, or columns are missing.
    """
    level = f"{category.value}_category_id"
    file = conversion.opened(source, (*_SALES, *_WEATHER, level))
    out.mkdir(parents=True, exist_ok=True)
    surroundings, products, rows = [], [], 0
    writer: pq.ParquetWriter | None = None
    with replacing(out / "sales_data.parquet", durable=False) as temporary:
        # A row group at a time: the full file needs no more memory than a part of it.
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=[*_SALES, *_WEATHER, level])
            sales = _sales(table)
            writer = writer or pq.ParquetWriter(temporary, sales.schema)
            writer.write_table(sales)
            rows += sales.num_rows
            weather = [(name, kind) for name in _WEATHER for kind in ("sum", "count")]
            surroundings.append(table.group_by(["dt", "store_id"]).aggregate(weather))
            products.append(table.group_by(["product_id"]).aggregate([(level, "min")]))
        if writer is None:
            raise UserError(f"{source} holds no rows. Fetch it again")
        writer.close()
    pq.write_table(_external(pa.concat_tables(surroundings)), out / "external_factors.parquet")
    pq.write_table(_products(pa.concat_tables(products), level), out / "products.parquet")
    return rows


def _sales(table: pa.Table) -> pa.Table:
    discount = table["discount"].cast(pa.float32())
    good = pc.and_kleene(pc.greater(discount, 0), pc.less_equal(discount, 1))
    out_of_stock = pc.divide(
        table["oos_hours_6_22"].cast(pa.float32()), pa.scalar(_OPENING_HOURS, pa.float32())
    )
    return pa.table(
        {
            "date": table["dt"].cast(pa.date32()),
            "store_id": table["store_id"],
            "product_id": table["product_id"],
            "units_sold": table["sale_amount"].cast(pa.float32()),
            "discount": pc.if_else(good, discount, pa.scalar(None, pa.float32())),
            "on_promotion": table["activity_flag"].cast(pa.int8()),
            "in_stock": pc.subtract(pa.scalar(1, pa.float32()), out_of_stock),
        }
    )


def _external(parts: pa.Table) -> pa.Table:
    sums = [(f"{name}_{kind}", "sum") for name in _WEATHER for kind in ("sum", "count")]
    whole = parts.group_by(["dt", "store_id"]).aggregate(sums)
    columns = {"date": whole["dt"].cast(pa.date32()), "store_id": whole["store_id"]}
    for name, ours in _WEATHER.items():
        total = whole[f"{name}_sum_sum"].cast(pa.float64())
        columns[ours] = pc.divide(total, whole[f"{name}_count_sum"].cast(pa.float64())).cast(pa.float32())
    return pa.table(columns).sort_by([("date", "ascending"), ("store_id", "ascending")])


def _products(parts: pa.Table, level: str) -> pa.Table:
    whole = parts.group_by(["product_id"]).aggregate([(f"{level}_min", "min")])
    columns = {"product_id": whole["product_id"], "category": whole[f"{level}_min_min"].cast(pa.string())}
    return pa.table(columns).sort_by("product_id")


app = typer.Typer(help="FreshRetailNet-50K for the benchmarks.", add_completion=False)


@app.callback()
def _commands() -> None:
    """FreshRetailNet-50K for the benchmarks."""


@app.command("convert")
def convert_command(
    file: Annotated[Path, typer.Argument(help="the daily Parquet file")],
    out: Annotated[Path, typer.Argument(help="folder for sales_data, external_factors and products")],
    category: Annotated[
        Category, typer.Option(help="level of the product tree that becomes the category")
    ] = Category.first,
) -> None:
    """Convert FILE to the data contract, into the folder OUT."""
    conversion.command(lambda: convert(file, out, category), "external_factors and products", out)


if __name__ == "__main__":
    app()
