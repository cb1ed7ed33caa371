"""What a plan was made from, for another pair to plan the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from components.example_generation.ingest import Prepared
from contracts.arrays import Floats
from pipeline.config import Config
from pipeline.orders.planning.frame import Frame
from pipeline.orders.planning.unsold import Series
from pipeline.orders.shards import RowShards


@dataclass(frozen=True)
class MadeFrom:
    """What a plan was made from, for another pair to plan the same.

    Attributes:
        prepared, read: the data.
        scratch: folder of their shards.
        config: as settled for these data.
        frame: of the lines.
        to_order, mean: what was ordered for (``pipeline.orders.planning.on_sale``).
        orders: what earlier plans have on its way (``pipeline.orders.planning.storing.open_orders``).
        own: units that people order, [N]; NaN where nobody does.
        wanted: series that a person gives a quantity for.
    """

    prepared: Prepared
    read: RowShards
    scratch: Path
    config: Config
    frame: Frame
    to_order: pa.Table
    mean: Floats
    orders: pa.Table
    own: Floats
    wanted: list[Series]
