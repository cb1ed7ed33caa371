"""Training options of the models, typed and validated where they enter."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from contracts.options import Options

OPTIONS_KEY = "options"
"""Key of the options' JSON in a Trainer's custom_config."""
_MOST_QUANTILES = 99


class TrainingOptions(Options):
    """What both trainers share."""

    seed: int = Field(7, ge=0, le=2**31 - 1)
    """all randomness follows from it; the same seed, data and machine give the same weights"""
    epochs: int = Field(4, ge=1, le=10_000)
    """at most this many passes; early stopping usually ends sooner"""
    patience: int = Field(6, ge=1, le=10_000)
    """epochs without a better eval loss before training stops"""
    batch_size: int = Field(512, ge=1, le=1_000_000)
    """windows in a step"""
    learning_rate: float = Field(4e-3, gt=0, le=1)
    """of AdamW, falling to a twentieth along a cosine over all epochs"""
    weight_decay: float = Field(1e-4, ge=0, le=1)
    """of AdamW"""
    units: int = Field(64, ge=4, le=4096)
    """width of the dense layers"""
    embedding: int = Field(8, ge=1, le=1024)
    """size of each embedded text value"""
    dropout: float = Field(0.1, ge=0, lt=1)
    """share of hidden units dropped while training"""
    unseen_rate: float = Field(0.1, ge=0, lt=1)
    """share of ids that training hides, so that stores, products and categories never seen get an embedding that has
    learned what an average one does
    """
    unplanned_rate: float = Field(0.1, ge=0, lt=1)
    """share of windows whose planned prices and promotions training hides from some period on, so that one model serves
    with a plan, with one that ends early, and without any
    """
    volume_power: float = Field(0.5, ge=0, le=1)
    """weight of a window in the loss is its scale (for replenishment, the money it turns over) to this power: 1 counts
    units, as WAPE does, and lets the few largest series decide; 0 counts every series alike
    """
    shuffle_buffer: int = Field(100_000, ge=1, le=100_000_000)
    """windows held for shuffling"""
    cache: bool = True
    """keep parsed windows after the first epoch"""
    cached_windows: int = Field(500_000, ge=0, le=100_000_000)
    """so many at most are kept in memory, some 5 KB each; more are kept in files beside the model while it trains"""
    final_passes: int = Field(2, ge=0, le=1000)
    """passes over the splits train and refit once early stopping has chosen the weights, so that the newest
    weeks are learned from as well; at a quarter of the learning rate
    """
    newest_repeats: int = Field(2, ge=1, le=1000)
    """how often each window of refit counts in these passes"""


class DemandOptions(TrainingOptions):
    """Options of the demand model."""

    quantiles: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
    """levels forecast, rising, between 0 and 1, 0.5 among them"""
    recovered: bool = False
    """learn from periods that were stocked for a part as well, their sales scaled up, and not from fully stocked ones
    alone
    """

    trees: int = Field(300, ge=0, le=2000)
    """boosted trees at most whose forecast is blended with the network's; how many follows from eval; 0: none"""
    tree_leaves: int = Field(31, ge=2, le=256)
    """leaves of a tree at most"""
    tree_learning_rate: float = Field(0.08, gt=0, le=1)
    """what a tree adds of what it has found"""

    @field_validator("quantiles")
    @classmethod
    def _rising(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if list(value) != sorted(set(value)):
            raise ValueError("quantiles must rise, each once")
        if len(value) > _MOST_QUANTILES:
            raise ValueError(f"quantiles are at most {_MOST_QUANTILES}")
        if 0.5 not in value:
            raise ValueError("quantiles must hold 0.5, the point forecast")
        return value


class ReplenishmentOptions(TrainingOptions):
    """Options of the replenishment model."""

    epochs: int = Field(8, ge=1, le=10_000)
    learning_rate: float = Field(6e-3, gt=0, le=1)
    volume_power: float = Field(0.25, ge=0, le=1)
    reviews: int = Field(4, ge=1, le=32)
    """following reviews at most over which the network learns what its orders cost, where there are so many windows a
    review apart (``windows.train_reviews``)
    """
    other_intervals: float = Field(0.5, ge=0, le=1)
    """share of the training windows that are asked about another lead time than their product's own, so that the
    network learns how orders grow with it
    """


class WatchOptions(TrainingOptions):
    """The demand watch: a third model, of how unlikely sales are, and what is done with it. Off unless ``enabled``."""

    enabled: bool = False
    """train it beside the pair, judge it, push it with the pair, and have ``actuals`` look for what is unusual"""
    dropout: float = Field(0.05, ge=0, lt=1)
    most_false_alarms: float = Field(5.0, gt=0, le=1000)
    """gate: alarms at most in 1,000 clean periods of the test split, and shifts in 1,000 of its windows, where one of a
    right model's is an alarm; the watch is refused above, and the pair is pushed without it
    """
    least_power: float = Field(0.7, ge=0, le=1)
    """gate: share at least of the spikes, and of the rises, planted into the test split that it finds at that level"""
    false_discoveries: float = Field(0.05, gt=0, le=0.5)
    """share of false ones among the findings of a kind and day, over all series (Benjamini and Hochberg)"""


WATCHING = frozenset({"enabled", "most_false_alarms", "least_power", "false_discoveries"})
"""Settings of the demand watch that change nothing of its training."""
