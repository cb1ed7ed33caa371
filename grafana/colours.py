"""One colour for each name, in every chart."""

from __future__ import annotations

from collections.abc import Mapping

GREEN, ORANGE, RED, BLUE, GREY = "green", "orange", "red", "blue", "gray"

NAMES: Mapping[str, str] = {
    # Policies and forecasters.
    "forecast plan": "blue",
    "model": "super-light-blue",
    "incumbent": "purple",
    "challenger": "purple",
    "in its stores": "orange",
    "base stock": "orange",
    "seasonal naive": "yellow",
    "recent mean": "semi-dark-orange",
    "reorder point": "dark-yellow",
    "last sales": "dark-orange",
    "clairvoyant": "gray",
    "trees": "light-purple",
    # Units.
    "Sold": "text",
    "Forecast": "blue",
    "Forecast band": "light-blue",
    "Low": "light-blue",
    "Out of stock for a time": "red",
    "On promotion, planned": "green",
    "On hand": "semi-dark-green",
    "Ordered, arrives": "blue",
    # Money.
    "Holding": "semi-dark-green",
    "Shortage": "semi-dark-red",
    "Waste": "semi-dark-purple",
    "Least possible": "gray",
    "Stock value": "semi-dark-green",
    "Out of stock": "red",
    # How components ended.
    "ran": "green",
    "cached": "blue",
    "skipped": "gray",
    "refused": "orange",
    "failed": "red",
    # Calibration.
    "below": "light-blue",
    "promised": "gray",
    "below or at it": "blue",
    # Runs.
    "training": "blue",
    "planning": "green",
}
"""Colours of Grafana's palette by the name of a series; what is not named here has the palette's by its name."""
