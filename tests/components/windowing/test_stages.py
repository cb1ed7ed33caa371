"""Workers of Windowing that die, or sleep while another does their work."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import tensorflow as tf

from components.example_generation.joining.future import Future
from components.windowing import stages
from components.windowing.encoding import write_examples
from components.windowing.splits import SPLITS, choice_origins, decision_origins, origins, refit_origins
from contracts.rows import write_shard
from contracts.splits import CHOICE_POINTS, DECISION_POINTS, REFIT, TRAIN, split_folder
from tests.components.windowing.tables import make_frame, to_table
from tests.components.windowing.test_executor import OPTIONS, SPACE

WAIT = 60


class Place:
    """A shard of rows, and where its windows go."""

    def __init__(self, root: Path) -> None:
        frame = make_frame({("s1", "p1"): (0, 60), ("s1", "p2"): (0, 60)}, seed=5)
        write_shard(to_table(frame), root / "rows.parquet")
        first, last = int(frame.date.min()), int(frame.date.max())
        origins_of: dict[str, Any] = {split: origins(split, first, last, OPTIONS, 1) for split in SPLITS}
        origins_of |= {
            REFIT: refit_origins(last, OPTIONS, 1),
            DECISION_POINTS: decision_origins(last, OPTIONS, 1),
            CHOICE_POINTS: choice_origins(last, OPTIONS, 1),
        }
        Future(pa.table({"date": pa.array([], pa.int64()), "store_id": pa.array([], pa.string())})).write(
            root
        )
        self.element = 0, 1, [str(root / "rows.parquet")]
        self.scratch = root / ".scratch"
        self.folders = {split: root / split_folder(split) for split in origins_of}
        self.folders |= {period: root / period for period in stages.PERIODS}
        for folder in (self.scratch, *self.folders.values()):
            folder.mkdir()
        borders = last - OPTIONS.test_periods, last
        self._cutting = stages.Cutting(origins_of, borders, str(root), SPACE, OPTIONS)

    def work(self) -> dict[str, int]:
        """What one worker makes of the shard."""
        folders = {name: str(folder) for name, folder in self.folders.items()}
        worker = stages._CutShards(self._cutting, folders, str(self.scratch))
        worker.setup()
        (counts,) = worker.process(self.element)
        return counts

    def found(self) -> dict[str, str]:
        """SHA-256 of all that lies in the folders that are read whole, by name."""
        return {
            f"{name}/{file.name}": hashlib.sha256(file.read_bytes()).hexdigest()
            for name, folder in self.folders.items()
            for file in folder.iterdir()
        }


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_worker_that_fails_half_way_leaves_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(path: str, batches: Any, features: Sequence[Any]) -> int:
        count = write_examples(path, batches, features)
        if len(list(place.scratch.iterdir())) == 2:
            raise OSError("no space left")
        return count

    monkeypatch.setattr(stages, "write_examples", failing)
    with pytest.raises(OSError, match="no space left"):
        place.work()
    assert place.found() == {}
    assert list(place.scratch.iterdir()) == []


@pytest.mark.parametrize("over", [False, True], ids=["while others work", "when all is over"])
def test_a_worker_that_wakes_late_harms_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch, over: bool
) -> None:
    asleep, woken = threading.Event(), threading.Event()

    def sleeping(path: str, batches: Any, features: Sequence[Any]) -> int:
        if threading.current_thread() is threading.main_thread():
            return write_examples(path, batches, features)
        Path(path).write_bytes(b"half a file")
        asleep.set()
        assert woken.wait(WAIT)
        return write_examples(path, batches, features)

    monkeypatch.setattr(stages, "write_examples", sleeping)
    failed: list[Exception] = []

    def sleep_and_work() -> None:
        try:
            place.work()
        except (OSError, tf.errors.NotFoundError) as error:
            failed.append(error)

    sleeper = threading.Thread(target=sleep_and_work)
    sleeper.start()
    assert asleep.wait(WAIT)
    counts = place.work()
    whole = place.found()
    assert len(whole) == len(place.folders) and counts[TRAIN] > 0
    if over:
        shutil.rmtree(place.scratch)
    woken.set()
    sleeper.join(WAIT)
    assert not sleeper.is_alive()
    assert bool(failed) == over
    assert set(place.found()) == set(whole)
    for split in counts.keys() & place.folders.keys():
        (file,) = place.folders[split].iterdir()
        records = tf.data.TFRecordDataset(str(file), "GZIP").as_numpy_iterator()
        assert len(list(records)) == counts[split]
