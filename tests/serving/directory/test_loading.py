"""Pairs are loaded whole, and a reader of the directory can load what it sees at every moment."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from contracts.models import MODELS
from serving.acceptance import read_acceptance
from serving.directory.layout import hold, model_folder, read_state
from serving.directory.loading import load_pair
from serving.directory.pushing import push
from serving.examples import EXAMPLES, SERIALIZED
from tests.serving.service.test_app import variant


def test_a_loaded_pair_answers_as_its_trainers_did(root: Path) -> None:
    stable = read_state(root).stable
    assert stable is not None
    pair = load_pair(root, stable)
    for name, model in pair.models.items():
        requests, answers = read_acceptance(str(model_folder(root, stable, name)))
        found = model.ask(SERIALIZED, {EXAMPLES: tf.constant(requests)})
        assert set(found) == set(answers)
        for output, answer in answers.items():
            np.testing.assert_allclose(found[output], answer, rtol=1e-4, atol=1e-6)


def test_what_is_loaded_stays_on_the_disk_and_is_let_go_with_the_pair(root: Path, tmp_path: Path) -> None:
    stable = read_state(root).stable
    assert stable is not None
    pair = load_pair(root, stable)
    for i in range(4):
        push(root, variant(root, tmp_path, f"v{i}"), {}, keep=2)
    assert stable not in read_state(root).kept
    with hold(root, stable):
        pass
    del pair
    push(root, variant(root, tmp_path, "last"), {}, keep=2)
    assert str(stable) not in {path.name for path in (root / ".pairs").iterdir()}


@pytest.mark.slow
def test_tensorflow_loads_the_highest_number_at_every_moment_of_many_pushes(
    root: Path, tmp_path: Path
) -> None:
    seen: set[str] = set()
    failures: list[str] = []
    ending = threading.Event()

    def poll() -> None:
        while not ending.is_set():
            for model in MODELS:
                newest = max(
                    (path for path in (root / model).iterdir() if path.name.isdigit()),
                    key=lambda p: int(p.name),
                )
                try:
                    tf.saved_model.load(str(newest))
                    seen.add(newest.name)
                except Exception as error:
                    failures.append(f"{newest}: {error}")

    pairs = [variant(root, tmp_path, f"v{i}") for i in range(25)]
    poller = threading.Thread(target=poll)
    poller.start()
    for pair in pairs:
        push(root, pair, {}, keep=30)
        ending.wait(0.1)
    ending.set()
    poller.join()
    assert not failures and len(seen) > 2
