"""The one preprocessing graph of both models: raw window features in, what the models read out.

Training and serving run this same graph. It has two analyzers, in one phase: a packed sum (mean demand, year
coverage, mean and deviation of every numeric external column) and one vocabulary for all text columns. Each analyzer
costs seconds of a run however small the data, so columns share them instead of having one each.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from transforms import calendar, history, long_history
from transforms.features import FUTURE_PREFIX, HISTORY_PREFIX, FeatureSpace

FEATURE_SPACE_KEY = "feature_space"
"""Key of the FeatureSpace JSON in custom_config."""

VOCABULARY = "tokens"
"""Name of the vocabulary shared by all text columns; a token is ``column=value``, the column named as a feature, so
that its first = ends it."""

ENTITIES = ("store_id", "product_id", "category")
Z_LIMIT = 5.0
"""z-scores of external columns are clipped here, so that a broken sensor cannot swing a forecast."""

PRICE_LIMIT = 2.0
"""Limit of |log(price / own level)|: beyond a factor of 7 a price is a data error."""


def text_columns(space: FeatureSpace) -> tuple[str, ...]:
    """Columns that share the vocabulary, named as features, in the order of their out-of-vocabulary ids."""
    return ENTITIES + tuple(external.name for external in space.texts())


def level_spans(space: FeatureSpace) -> tuple[int, ...]:
    """Periods of the recent levels: 1, 2 and 4 weeks of daily data; 4, 8 and 13 weeks of weekly data."""
    return (7, 14, 28) if space.period_days == 1 else (4, 8, 13)


def preprocessing_fn(
    inputs: Mapping[str, tf.Tensor], custom_config: Mapping[str, str]
) -> dict[str, tf.Tensor]:
    """Turn raw window features into model inputs (and pass labels through where they are present).

    Args:
        inputs: the features of ``FeatureSpace.raw_features()``, dense, [N, size]; labels and evaluation
            features may be absent, as they are at serving.
        custom_config: holds the feature space's JSON under ``feature_space``.

    Returns:
        Dense float32 or int64 tensors. T, H: history and horizon; E: external columns.

        - ``scale`` [1]: the series' level, units per stocked period; always > 0. Every demand below is
          divided by it.
        - ``history_demand`` [T]: demand, recovered from partial stock-outs and winsorised.
        - ``history_share`` [T]: share of the period in which demand was seen, 0..1.
        - ``recent_levels`` [3], ``promotion_levels`` [2], ``seasonal_profile`` [H]: see transforms.history.
        - ``history_price`` [T], ``future_price`` [H]: log of price relative to the item's own mean price.
        - ``history_discount``, ``future_discount``: share taken off the list price, 0..1.
        - ``history_promotion``, ``future_promotion``: 0 or 1.
        - ``future_price_known``, ``future_discount_known``, ``future_promotion_known`` [H]: 1 where the future value
          is known, else 0, and the value 0; all six only of what is known ahead.
        - ``history_open`` [T], ``future_open`` [H]: 1 where the store is open, 0 where it is closed.
        - ``history_external_<column>``, ``future_external_<column>``: z-score, or for text the vocabulary id.
        - ``long_levels`` [3], in units of the scale; ``year_ago``, ``two_years_ago``, and each ``_smoothed``, [H],
          relative to the level then: see transforms.long_history; -1 where unknown.
        - ``weekday``, ``day_of_month`` [H] int64 of daily data, ``year_sine``, ``year_cosine`` [H]: calendar of the
          future periods; the year's are 0 where the training data covers too little of a year.
        - ``store_id``, ``product_id``, ``category`` [1] int64: vocabulary ids; the first ids, one for each
          text column, mean that the value was never seen.
        - ``critical_ratio`` [1]: shortage / (shortage + R holding), as holding is paid in each of the R periods of a
          cycle; ``protection`` [1]: L + R, and ``review`` [1]: R, periods; ``holding_cost``, ``shortage_cost`` [1].
        - all labels: unchanged, where present.
    """
    space = FeatureSpace.from_json(custom_config[FEATURE_SPACE_KEY])
    promotion = tf.cast(history.finite(inputs["history_promotion"]) > 0.0, tf.float32)
    share = history.observed_share(inputs["history_present"], inputs["history_in_stock"])
    # A period that counts for less than a whole one, as those of a predecessor do, was in stock all the same.
    known = tf.cast(history.finite(inputs["history_present"]) > 0.0, tf.float32)
    stocked = history.observed_share(known, inputs["history_in_stock"])
    demand = history.winsorised(history.recovered_demand(inputs["history_units"], stocked), share, promotion)

    sums = _packed_sums(inputs, space, demand, share)
    mean_demand = tf.math.divide_no_nan(sums[0], sums[1])
    # A category that never sold still needs a positive scale: one unit.
    mean_demand = tf.where(mean_demand > 0.0, mean_demand, tf.ones_like(mean_demand))
    scale = history.shrunk_mean(demand, share, tf.cast(mean_demand, tf.float32))
    demand = demand / scale

    outputs: dict[str, tf.Tensor] = {
        "scale": scale,
        "history_demand": demand,
        "history_share": share,
        "recent_levels": history.recent_levels(demand, share, level_spans(space)),
        "promotion_levels": history.promotion_levels(demand, share, promotion),
        "seasonal_profile": history.seasonal_profile(
            demand, share, space.horizon, 7 if space.period_days == 1 else 52
        ),
        "history_open": _is_open(inputs["history_open"]),
        "future_open": _is_open(inputs["future_open"]),
        "history_promotion": promotion,
    }
    outputs.update(_prices(inputs, space))
    outputs.update(_externals(inputs, space, sums[5:]))
    outputs.update(_tokens(inputs, space))
    days = calendar.future_days(inputs["origin"], space.horizon, space.period_days)
    if space.has_weekday:
        outputs["weekday"] = calendar.weekday(days)
        outputs["day_of_month"] = calendar.day_of_month(days)
    outputs["long_levels"] = long_history.relative_levels(inputs["long_levels"], scale)
    for name in long_history.YEARS:
        for value in (name, f"{name}_smoothed"):
            outputs[value] = long_history.relative_to_level(inputs[value], inputs[f"{name}_level"], scale)
    covered = calendar.covers_a_year(*tf.unstack(tf.cast(sums[2:5], tf.float32)))
    sine, cosine = calendar.year_position(days)
    outputs["year_sine"], outputs["year_cosine"] = covered * sine, covered * cosine
    outputs.update(_costs(inputs))
    outputs.update({f.name: inputs[f.name] for f in space.labels() if f.name in inputs})
    return outputs


def _packed_sums(
    inputs: Mapping[str, tf.Tensor], space: FeatureSpace, demand: tf.Tensor, share: tf.Tensor
) -> tf.Tensor:
    """One vector over all windows.

    Demand, stocked periods; sine, cosine and count of the origins; then for each numeric external column its
    count, sum and sum of squares.


    float64, since sums of squares of, say, air pressure lose their deviation in float32.
    """
    sine, cosine = calendar.year_position(inputs["origin"])
    one = tf.ones_like(sine)
    columns = [tf.cast(column, tf.float64) for column in (share * demand, share, sine, cosine, one)]
    per_window = tf.stack([tf.reduce_sum(column, axis=1) for column in columns], axis=1)
    if space.numeric():
        x = tf.stack([inputs[HISTORY_PREFIX + external.name] for external in space.numeric()], axis=2)
        wide = tf.cast(history.finite(x), tf.float64)
        parts = tf.stack([tf.cast(tf.math.is_finite(x), tf.float64), wide, tf.square(wide)], axis=3)
        of_columns = tf.reshape(tf.reduce_sum(parts, axis=1), [-1, 3 * len(space.numeric())])
        per_window = tf.concat([per_window, of_columns], axis=1)
    return tft.sum(per_window, reduce_instance_dims=False)


def _prices(inputs: Mapping[str, tf.Tensor], space: FeatureSpace) -> dict[str, tf.Tensor]:
    """Price relative to the item's own mean price, discount and promotion.

    A past price or discount that is missing takes the item's own level. Of the future what is not known is 0, beside
    a flag that says so: to have planned nothing is another thing than to have no plan.
    """
    past = inputs["history_price"]
    level = _mean_of(past, tf.math.is_finite(past) & (past > 0.0))
    paid = inputs["history_discount"]
    off = _mean_of(1.0 - paid, _is_fraction(paid))
    outputs = {
        "history_price": _relative(past, level),
        "history_discount": tf.where(_is_fraction(paid), 1.0 - paid, off * tf.ones_like(paid)),
    }
    for name, reach in space.planned().items():
        given = inputs[FUTURE_PREFIX + name]
        value, known = {
            "price": (_relative(given, level), tf.math.is_finite(given) & (given > 0.0) & (level > 0.0)),
            "discount": (1.0 - given, _is_fraction(given)),
            "promotion": (tf.cast(given > 0.0, tf.float32), tf.math.is_finite(given)),
        }[name]
        # Callers may send more than a model was trained to know.
        known &= tf.constant(np.arange(space.horizon)[None, :] < reach)
        outputs[FUTURE_PREFIX + name] = tf.where(known, value, tf.zeros_like(value))
        outputs[known_flag(name)] = tf.cast(known, tf.float32)
    return outputs


def known_flag(name: str) -> str:
    """Name of the flag beside a plannable feature's future values."""
    return f"{FUTURE_PREFIX}{name}_known"


def _mean_of(values: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Mean over time of the values under a mask, [N, 1]; 0 where there is none."""
    weight = tf.cast(mask, tf.float32)
    total = tf.reduce_sum(weight * history.finite(values), axis=1, keepdims=True)
    return tf.math.divide_no_nan(total, tf.reduce_sum(weight, axis=1, keepdims=True))


def _relative(price: tf.Tensor, level: tf.Tensor) -> tf.Tensor:
    """Logarithm of price / level; 0 where either is missing."""
    usable = tf.math.is_finite(price) & (price > 0.0) & (level > 0.0)
    ratio = tf.where(usable, price, 1.0) / tf.where(usable, level * tf.ones_like(price), 1.0)
    return tf.clip_by_value(tf.math.log(ratio), -PRICE_LIMIT, PRICE_LIMIT)


def _is_open(given: tf.Tensor) -> tf.Tensor:
    return tf.cast(history.finite(given, 1.0) > 0.0, tf.float32)


def _is_fraction(x: tf.Tensor) -> tf.Tensor:
    return tf.math.is_finite(x) & (x > 0.0) & (x <= 1.0)


def _externals(inputs: Mapping[str, tf.Tensor], space: FeatureSpace, sums: tf.Tensor) -> dict[str, tf.Tensor]:
    """z-scores of the numeric external columns, missing at 0, clipped to Z_LIMIT."""
    outputs: dict[str, tf.Tensor] = {}
    for prefix in (HISTORY_PREFIX, FUTURE_PREFIX):
        indices = [i for i, external in enumerate(space.numeric()) if prefix in external.prefixes]
        if not indices:
            continue
        names = [prefix + space.numeric()[i].name for i in indices]
        counts, totals, squares = tf.unstack(tf.gather(tf.reshape(sums, [-1, 3]), indices), axis=1)
        count = tf.maximum(counts, 1.0)
        mean = totals / count
        deviation = tf.sqrt(tf.maximum(squares / count - tf.square(mean), 0.0))
        # A constant column (deviation 0, or rounding noise of it) says nothing: all z-scores 0.
        usable = deviation > 1e-6 * tf.maximum(tf.abs(mean), 1e-6)
        x = tf.stack([inputs[name] for name in names], axis=2)
        z = (tf.cast(history.finite(x), tf.float64) - mean) / tf.where(usable, deviation, 1.0)
        z = tf.where(tf.math.is_finite(x) & usable, tf.cast(z, tf.float32), tf.zeros_like(x))
        z = tf.clip_by_value(z, -Z_LIMIT, Z_LIMIT)
        outputs.update(zip(names, tf.unstack(z, axis=2), strict=True))
    return outputs


def _tokens(inputs: Mapping[str, tf.Tensor], space: FeatureSpace) -> dict[str, tf.Tensor]:
    """Ids of all text columns from one vocabulary; id c < number of columns: column c's unseen values."""
    columns = text_columns(space)
    sources = {name: name for name in ENTITIES} | {
        HISTORY_PREFIX + external.name: external.name for external in space.texts()
    }
    seen = len(sources)
    sources |= {FUTURE_PREFIX + text.name: text.name for text in space.texts() if text.reach}
    tokens = [tf.strings.join([column + "=", inputs[source]]) for source, column in sources.items()]
    # The future's tokens stay out: what only lies ahead of the last origin has never been trained on.
    vocabulary = tft.vocabulary(tf.concat(tokens[:seen], axis=1), vocab_filename=VOCABULARY, name=VOCABULARY)
    index = tft.apply_vocabulary(tf.concat(tokens, axis=1), vocabulary, default_value=-1)
    sizes = [token.shape[1] for token in tokens]
    unseen = np.repeat([columns.index(column) for column in sources.values()], sizes)[None, :]
    ids = tf.where(index < 0, tf.constant(unseen, tf.int64), index + len(columns))
    return dict(zip(sources, tf.split(ids, sizes, axis=1), strict=True))


def _costs(inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    holding, shortage = inputs["holding_cost"], inputs["shortage_cost"]
    review = tf.cast(inputs["review_period"], tf.float32)
    return {
        "holding_cost": holding,
        "shortage_cost": shortage,
        "critical_ratio": tf.math.divide_no_nan(shortage, shortage + review * holding),
        "protection": tf.cast(inputs["lead_time"], tf.float32) + review,
        "review": review,
    }
