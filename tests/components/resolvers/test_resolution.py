"""Resolvers on a real ML Metadata store: baselines never cross, and no run resolves to itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from ml_metadata import metadata_store
from ml_metadata.proto import metadata_store_pb2 as pb
from tfx.types import standard_artifacts

from components.resolvers.earlier_spans import EarlierSpans
from components.resolvers.latest_blessed import LatestBlessedOfTrainer
from components.resolvers.trained_rows import TrainedRows

COMPLETE, FAILED = pb.Execution.COMPLETE, pb.Execution.FAILED


class Store:
    """A metadata store with just enough said of artifacts and the nodes that made them."""

    def __init__(self, path: Path) -> None:
        config = pb.ConnectionConfig()
        config.sqlite.filename_uri = str(path / "metadata.sqlite")
        config.sqlite.connection_mode = config.sqlite.READWRITE_OPENCREATE
        self.mlmd = metadata_store.MetadataStore(config)
        self._context_type = self.mlmd.put_context_type(pb.ContextType(name="node"))
        self._contexts: dict[str, int] = {}

    def execution(
        self, node: str, state: int = COMPLETE, inputs: tuple[int, ...] = (), outputs: tuple[int, ...] = ()
    ) -> None:
        kind = self.mlmd.put_execution_type(pb.ExecutionType(name=node))
        (execution,) = self.mlmd.put_executions([pb.Execution(type_id=kind, last_known_state=state)])
        if node not in self._contexts:
            context = pb.Context(type_id=self._context_type, name=f"retail-inventory.{node}")
            (self._contexts[node],) = self.mlmd.put_contexts([context])
        association = pb.Association(execution_id=execution, context_id=self._contexts[node])
        self.mlmd.put_attributions_and_associations([], [association])
        self.mlmd.put_events(
            [pb.Event(artifact_id=i, execution_id=execution, type=pb.Event.INPUT) for i in inputs]
            + [pb.Event(artifact_id=i, execution_id=execution, type=pb.Event.OUTPUT) for i in outputs]
        )

    def artifact(self, artifact: standard_artifacts.Model) -> standard_artifacts.Model:
        kind = self.mlmd.put_artifact_type(artifact.artifact_type, can_add_fields=True)
        message = pb.Artifact()
        message.CopyFrom(artifact.mlmd_artifact)
        message.type_id = kind
        message.uri = "somewhere"
        (artifact.id,) = self.mlmd.put_artifacts([message])
        return artifact

    def model(self, trainer: str) -> standard_artifacts.Model:
        model = self.artifact(standard_artifacts.Model())
        self.execution(trainer, outputs=(model.id,))
        return model

    def rows(
        self, span: int, version: int, gate: int | None, last_date: str = "2024-01-31"
    ) -> standard_artifacts.Examples:
        rows = standard_artifacts.Examples()
        rows.span, rows.version = span, version
        rows.set_string_custom_property("last_date", last_date)
        self.artifact(rows)
        if gate is not None:
            self.execution("DataGate", gate, inputs=(rows.id,))
        return rows


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def blessing_of(
    store: Store, model: standard_artifacts.Model, blessed: bool = True, by: str = "ModelGate"
) -> standard_artifacts.ModelBlessing:
    blessing = standard_artifacts.ModelBlessing()
    blessing.set_int_custom_property("current_model_id", model.id)
    blessing.set_int_custom_property("blessed", int(blessed))
    store.artifact(blessing)
    store.execution(by, outputs=(blessing.id,))
    return blessing


def resolve(
    store: Store,
    trainer: str,
    candidate: standard_artifacts.Model,
    models: Sequence[standard_artifacts.Model],
    blessings: Sequence[standard_artifacts.ModelBlessing],
) -> list[int]:
    resolved = LatestBlessedOfTrainer(trainer, "ModelGate").resolve_artifacts(
        store.mlmd, {"candidate": [candidate], "model": list(models), "blessing": list(blessings)}
    )
    return [model.id for model in resolved["model"]]


def test_baselines_of_two_trainers_never_cross(store: Store) -> None:
    models = [store.model(trainer) for _ in range(3) for trainer in ("DemandTrainer", "ReplenishmentTrainer")]
    blessings = [blessing_of(store, model) for model in models]
    demand, replenishment = store.model("DemandTrainer"), store.model("ReplenishmentTrainer")

    assert resolve(store, "DemandTrainer", demand, models, blessings) == [models[4].id]
    assert resolve(store, "ReplenishmentTrainer", replenishment, models, blessings) == [models[5].id]


def test_with_only_the_other_trainers_blessed_model_there_is_no_baseline(store: Store) -> None:
    other = store.model("ReplenishmentTrainer")
    candidate = store.model("DemandTrainer")
    assert resolve(store, "DemandTrainer", candidate, [other, candidate], [blessing_of(store, other)]) == []


def test_a_refused_model_is_no_baseline(store: Store) -> None:
    good, bad = store.model("DemandTrainer"), store.model("DemandTrainer")
    blessings = [blessing_of(store, good), blessing_of(store, bad, blessed=False)]
    candidate = store.model("DemandTrainer")
    assert resolve(store, "DemandTrainer", candidate, [good, bad], blessings) == [good.id]


def test_what_was_rolled_back_is_no_baseline(store: Store) -> None:
    good, withdrawn = store.model("DemandTrainer"), store.model("DemandTrainer")
    blessings = [blessing_of(store, good), blessing_of(store, withdrawn)]
    candidate = store.model("DemandTrainer")
    resolved = LatestBlessedOfTrainer("DemandTrainer", "ModelGate", [withdrawn.id]).resolve_artifacts(
        store.mlmd, {"candidate": [candidate], "model": [good, withdrawn], "blessing": blessings}
    )
    assert [model.id for model in resolved["model"]] == [good.id]


def test_a_challenger_that_was_never_promoted_is_no_baseline(store: Store) -> None:
    champion, challenger = store.model("DemandTrainer"), store.model("DemandTrainer")
    blessings = [blessing_of(store, champion), blessing_of(store, challenger)]
    candidate = store.model("DemandTrainer")
    resolved = LatestBlessedOfTrainer("DemandTrainer", "ModelGate", newest=champion.id).resolve_artifacts(
        store.mlmd, {"candidate": [candidate], "model": [champion, challenger], "blessing": blessings}
    )
    assert [model.id for model in resolved["model"]] == [champion.id]


def test_what_only_tfma_blessed_is_no_baseline(store: Store) -> None:
    good, half = store.model("DemandTrainer"), store.model("DemandTrainer")
    blessings = [blessing_of(store, good), blessing_of(store, half, by="DemandEvaluator")]
    candidate = store.model("DemandTrainer")
    assert resolve(store, "DemandTrainer", candidate, [good, half], blessings) == [good.id]


def test_a_model_is_never_compared_with_itself_or_with_a_later_one(store: Store) -> None:
    first, second = store.model("DemandTrainer"), store.model("DemandTrainer")
    blessings = [blessing_of(store, first), blessing_of(store, second)]
    assert resolve(store, "DemandTrainer", first, [first, second], blessings) == []


def spans(
    store: Store,
    current: standard_artifacts.Examples,
    earlier: Sequence[standard_artifacts.Examples],
    keep: int = 9,
) -> list[int]:
    resolved = EarlierSpans("DataGate", keep).resolve_artifacts(
        store.mlmd, {"current": [current], "earlier": list(earlier)}
    )
    return [rows.id for rows in resolved["earlier"]]


def test_only_spans_that_passed_the_gate_are_built_on(store: Store) -> None:
    good, bad, unjudged = store.rows(1, 0, COMPLETE), store.rows(2, 0, FAILED), store.rows(3, 0, None)
    current = store.rows(4, 0, None)
    assert spans(store, current, [good, bad, unjudged, current]) == [good.id]


def test_of_each_span_the_newest_version_that_passed(store: Store) -> None:
    old, new, broken = store.rows(1, 0, COMPLETE), store.rows(1, 1, COMPLETE), store.rows(1, 2, FAILED)
    second = store.rows(2, 0, COMPLETE)
    current = store.rows(3, 0, None)
    assert spans(store, current, [broken, second, new, old]) == [new.id, second.id]


def test_the_same_data_again_resolves_to_the_same_spans(store: Store) -> None:
    first = store.rows(1, 0, COMPLETE)
    current = store.rows(2, 0, COMPLETE)
    later = store.rows(3, 0, COMPLETE)
    assert spans(store, current, [first, current, later]) == [first.id]


def test_no_more_spans_than_wanted_the_newest_ones(store: Store) -> None:
    rows = [store.rows(span, 0, COMPLETE) for span in range(1, 5)]
    current = store.rows(5, 0, None)
    assert spans(store, current, rows, keep=2) == [rows[2].id, rows[3].id]
    assert spans(store, current, rows, keep=0) == []


def test_a_span_that_ends_later_knows_what_is_still_to_come(store: Store) -> None:
    past, later, same = (
        store.rows(span, 1, COMPLETE, last_date)
        for span, last_date in ((1, "2024-01-09"), (2, "2024-02-29"), (3, "2024-01-10"))
    )
    current = store.rows(4, 1, None, "2024-01-10")
    assert spans(store, current, [past, later, same]) == [past.id, same.id]


class Trained:
    """Batches of rows, and models made from them by way of windows, as the pipeline records them."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.batches: list[standard_artifacts.Examples] = []
        self.models: list[standard_artifacts.Model] = []
        self.blessings: list[standard_artifacts.ModelBlessing] = []

    def batch(self, span: int, content: str) -> standard_artifacts.Examples:
        rows = standard_artifacts.Examples()
        rows.span, rows.version = span, 1
        rows.set_string_custom_property("fingerprint", content)
        self.store.artifact(rows)
        self.store.execution("RetailExampleGen", outputs=(rows.id,))
        self.batches.append(rows)
        return rows

    def model(self, *rows: standard_artifacts.Examples, blessed: bool = True) -> None:
        windows = self.store.artifact(standard_artifacts.Examples())
        self.store.execution("Windowing", inputs=tuple(found.id for found in rows), outputs=(windows.id,))
        self.batches.append(windows)
        model = self.store.artifact(standard_artifacts.Model())
        self.store.execution("DemandTrainer", inputs=(windows.id,), outputs=(model.id,))
        self.models.append(model)
        self.blessings.append(blessing_of(self.store, model, blessed))

    def resolve(self, current: standard_artifacts.Examples) -> list[int]:
        resolved = TrainedRows("RetailExampleGen", "ModelGate").resolve_artifacts(
            self.store.mlmd,
            {
                "current": [current],
                "trained": list(self.batches),
                "model": list(self.models),
                "blessing": list(self.blessings),
            },
        )
        assert [found.id for found in resolved["current"]] == [current.id]
        return [found.id for found in resolved["trained"]]


@pytest.fixture
def trained(store: Store) -> Trained:
    return Trained(store)


def test_before_the_first_blessed_model_nothing_was_trained_on(trained: Trained) -> None:
    first = trained.batch(1, "a")
    assert trained.resolve(first) == []
    trained.model(first, blessed=False)
    assert trained.resolve(trained.batch(2, "b")) == []


def test_the_newest_rows_of_the_latest_blessed_model_are_found_through_its_windows(trained: Trained) -> None:
    first = trained.batch(1, "a")
    trained.model(first)
    second = trained.batch(2, "b")
    trained.model(first, second)
    third = trained.batch(3, "c")
    trained.model(first, second, third, blessed=False)
    assert trained.resolve(trained.batch(4, "d")) == [second.id]


def test_rows_are_never_compared_with_themselves_and_resolve_alike_again(trained: Trained) -> None:
    first = trained.batch(1, "a")
    assert trained.resolve(first) == []
    trained.model(first)
    second = trained.batch(2, "b")
    before = trained.resolve(second)
    trained.model(first, second)
    assert trained.resolve(first) == []
    assert trained.resolve(second) == before == [first.id]


def test_the_same_content_read_again_is_not_what_it_is_compared_with(trained: Trained) -> None:
    first = trained.batch(1, "a")
    trained.model(first)
    second = trained.batch(2, "b")
    trained.model(first, second)
    assert trained.resolve(trained.batch(2, "b")) == [first.id]
