"""The dashboards, one a module."""

from __future__ import annotations

from grafana.board import Board
from grafana.boards import data_and_pipeline, demand_forecast, inventory, model_quality, platform, product

BOARDS: tuple[Board, ...] = (
    model_quality.BOARD,
    demand_forecast.BOARD,
    inventory.BOARD,
    product.BOARD,
    data_and_pipeline.BOARD,
    platform.BOARD,
)
