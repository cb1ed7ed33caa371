"""What a folder of data is to this workspace: which span, and which features its columns give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ml_metadata import metadata_store
from ml_metadata.proto import metadata_store_pb2

from components.example_generation.ingest import Prepared, prepare
from components.example_generation.spans import SpanRecord, fingerprint_of, span_of
from contracts import properties
from contracts.dates import to_days
from contracts.errors import UserError
from pipeline.config import Config
from pipeline.inputs.as_of import last_date
from pipeline.inputs.pair_features import require_features, trained_features
from pipeline.workspace import Workspace
from serving.directory.layout import ServingError, read_state
from transforms.features import PLANNABLE, FeatureSpace


@dataclass(frozen=True)
class Batch:
    """The data of one run.

    Attributes:
        folder: with the files of the data contract.
        fingerprint: hash of their content, and of the date they are cut at.
        span: number of the batch.
        version: revision of the batch.
        last_date: last date of its sales; None where no date can be read.
        space: the features that its columns give.
    """

    folder: Path
    fingerprint: str
    span: int
    version: int
    last_date: date | None
    space: FeatureSpace


def find_batch(folder: Path, config: Config, workspace: Workspace) -> Batch:
    """Looks a folder through, without judging its rows; ``as_of`` is settled (pipeline.inputs.as_of).

    Raises:
        UserError: there is no such folder, or a configured column is in the way.
    """
    fingerprint, last = fingerprint_of(folder), last_date(folder, config)
    if config.data.as_of is not None:
        fingerprint = f"{fingerprint}@{config.data.as_of.isoformat()}"
    span, version = span_of(_earlier(workspace), fingerprint, last)
    prepared = prepare(folder, config.data, config.windows.review_period)
    planned = planned_ahead(prepared, config, last)
    space = feature_space(prepared, config, planned, _serving_features(workspace.serving))
    return Batch(folder, fingerprint, span, version, last, space)


def planned_ahead(prepared: Prepared, config: Config, last: date | None) -> dict[str, int]:
    """How many periods after the last sale each plannable column is planned for.

    Args:
        config: says how long a period is.
        last: last date of its sales; None where no date can be read.
    """
    plan = prepared.small.plan
    if plan is None or last is None:
        return {}
    return {name: plan.reach(name, to_days(last), config.data.period_days) for name in PLANNABLE.values()}


def feature_space(
    prepared: Prepared, config: Config, planned: Mapping[str, int], trained: FeatureSpace | None = None
) -> FeatureSpace:
    """The declared features with the folder's external columns, and what is known ahead of each.

    Args:
        config: lengths, and which columns count.
        planned: how many periods each plannable column is known ahead, unless the settings say it.
        trained: features of a pair: a column without any value, such as the event of a quiet season, is of the kind
            that it has there.

    Raises:
        UserError: a configured external column is not there.
    """
    small = prepared.small
    found = dict(small.external_columns)
    if trained is not None and small.external is not None:
        for name in found:
            if small.external[name].null_count == small.external.num_rows:
                found[name] = "text" if name in trained.text_external else "number"
    chosen = config.data.external
    missing = sorted(set(chosen or ()) - set(found))
    if missing:
        raise UserError(
            f"data.external names columns that external_factors does not have: {', '.join(missing)}"
        )
    columns = {name: kind for name, kind in found.items() if chosen is None or name in chosen}
    horizon, said = config.windows.horizon, config.data.known_ahead
    reaches = {name: said.get(name, planned.get(name, 0)) for name in (*PLANNABLE.values(), *columns)}
    ahead = {name: horizon if reach == "all" else min(reach, horizon) for name, reach in reaches.items()}
    return FeatureSpace(
        history=config.windows.history,
        horizon=config.windows.horizon,
        period_days=config.data.period_days,
        numeric_external=tuple(name for name, kind in columns.items() if kind == "number"),
        text_external=tuple(name for name, kind in columns.items() if kind == "text"),
        known_ahead=tuple((name, reach) for name, reach in ahead.items() if reach),
    )


def pair_space(root: Path, version: int, prepared: Prepared, config: Config) -> FeatureSpace:
    """The features of a folder of data that a pair is asked about, which are those that it was trained with.

    Args:
        root: the serving directory.
        config: lengths, and which columns count.

    Raises:
        UserError: they are others; names the settings and columns that differ.
    """
    trained = trained_features(root, version)
    # How far a plan reaches today is not how far the pair was trained to look: what is beyond is not known.
    planned = {name: trained.reach(name) for name in PLANNABLE.values()}
    space = feature_space(prepared, config, planned, trained)
    require_features(space, trained)
    return space


def _serving_features(root: Path) -> FeatureSpace | None:
    """The features of the pair that serves; None where there is none, or none that this program can compare with."""
    version = read_state(root).stable
    try:
        return None if version is None else trained_features(root, version)
    except ServingError:
        return None


def _earlier(workspace: Workspace) -> list[SpanRecord]:
    """The batches that example generation has read in this workspace."""
    if not workspace.metadata.exists():
        return []
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = str(workspace.metadata)
    config.sqlite.connection_mode = config.sqlite.READONLY
    records = []
    for artifact in metadata_store.MetadataStore(config).get_artifacts_by_type("Examples"):
        custom = artifact.custom_properties
        if artifact.state == metadata_store_pb2.Artifact.LIVE and properties.FINGERPRINT in custom:
            records.append(
                SpanRecord(
                    fingerprint=custom[properties.FINGERPRINT].string_value,
                    first_date=date.fromisoformat(custom[properties.FIRST_DATE].string_value),
                    last_date=date.fromisoformat(custom[properties.LAST_DATE].string_value),
                    span=artifact.properties[properties.SPAN].int_value,
                    version=artifact.properties[properties.VERSION].int_value,
                )
            )
    return records
