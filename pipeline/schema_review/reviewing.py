"""What the reviewed schema would have to say for the data to pass, and which rows ask for it."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from contracts.arrays import Integers
from contracts.dates import to_date
from contracts.rows import KEYS, listed
from pipeline.schema_review.text import parse, with_feature

LABEL = "units_sold"
_ROWS_SHOWN = 5


@dataclass(frozen=True)
class Change:
    """What accepting the data changes of one feature.

    Attributes:
        feature: its name.
        old: as the schema has it, None where it does not know it.
        new: as the data need it.
        rows: the first rows that ask for it, in words.
        count: how many there are.
    """

    feature: str
    old: schema_pb2.Feature | None
    new: schema_pb2.Feature
    rows: tuple[str, ...]
    count: int


def statistics_of(rows: pa.Table) -> statistics_pb2.DatasetFeatureStatisticsList:
    """TFDV's statistics of flat rows, in this process."""
    batch = listed(rows).combine_chunks().to_batches()[0]
    return stats_impl.generate_statistics_in_memory(batch, tfdv.StatsOptions())


def draft(rows: pa.Table) -> str:
    """A first schema for the data, as text: what TFDV infers of it, under both environments."""
    schema = tfdv.infer_schema(statistics_of(rows), infer_feature_shape=True)
    schema.default_environment.extend(["TRAINING", "SERVING"])
    for feature in schema.feature:
        if feature.name == LABEL:
            feature.not_in_environment.append("SERVING")
    text: str = text_format.MessageToString(schema)
    return (
        "# Inferred from data, and as narrow as they were: widen what may differ in the next batch (ranges, shares of\n"
        "# missing values, lists of text values) before this file is used.\n"
    ) + text


def changes(text: str, rows: pa.Table) -> list[Change]:
    """The features for which the schema would have to change for the data to have no anomaly, by name."""
    schema = parse(text)
    known = {feature.name: feature for feature in schema.feature}
    updated = tfdv.update_schema(schema, statistics_of(rows))
    domains = {domain.name: domain for domain in updated.string_domain}
    found = []
    for new in sorted(updated.feature, key=lambda feature: feature.name):
        old = known.get(new.name)
        if new.domain and (old is None or old.domain != new.domain):
            # Into the feature itself, so that one block of the file says all there is to say of it.
            new.string_domain.CopyFrom(domains[new.domain])
        if old is None or old != new:
            which = _asking(rows, new.name, old)
            found.append(Change(new.name, old, new, tuple(_examples(rows, new.name, which)), len(which)))
    return found


def unified_diff(text: str, wanted: Sequence[Change], name: str) -> str:
    """The change of the file that accepting would make, as ``diff -u`` shows it."""
    after = text
    for change in wanted:
        after = with_feature(after, change.new)
    lines = difflib.unified_diff(
        text.splitlines(keepends=True), after.splitlines(keepends=True), name, f"{name} (accepted)"
    )
    return "".join(lines)


def _asking(rows: pa.Table, name: str, old: schema_pb2.Feature | None) -> Integers:
    """Indices of the rows that the schema as it stands does not allow; all that have a value for a new feature."""
    if name not in rows.column_names:
        return np.zeros(0, dtype=np.int64)
    column = rows[name]
    missing = np.asarray(pc.is_null(column))
    if old is None:
        return np.flatnonzero(~missing)
    outside = np.zeros(len(column), dtype=bool)
    for kind in ("float_domain", "int_domain"):
        if old.HasField(kind) and pa.types.is_floating(column.type) | pa.types.is_integer(column.type):
            domain, values = getattr(old, kind), column.cast(pa.float64()).to_numpy()
            with np.errstate(invalid="ignore"):
                outside |= domain.HasField("min") & (values < domain.min)
                outside |= domain.HasField("max") & (values > domain.max)
    if old.HasField("string_domain"):
        outside |= ~np.asarray(pc.is_in(column, value_set=pa.array(list(old.string_domain.value)))) & ~missing
    return np.flatnonzero(outside) if outside.any() else np.flatnonzero(missing)


def _examples(rows: pa.Table, name: str, which: Integers) -> list[str]:
    examples = []
    for index in which[:_ROWS_SHOWN]:
        store, product, date = (rows[key][int(index)].as_py() for key in KEYS)
        value = rows[name][int(index)].as_py()
        shown = "no value" if value is None else f"{value:g}" if isinstance(value, float) else repr(value)
        examples.append(f"{store}, {product}, {to_date(date)}: {shown}")
    return examples
