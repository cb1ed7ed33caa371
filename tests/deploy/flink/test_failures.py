"""What is killed, paused or stopped in the middle of Windowing leaves whole windows or none, and no job behind."""

from __future__ import annotations

import subprocess
import time
from datetime import datetime
from pathlib import Path

import psutil
import pytest

from contracts import nodes
from pipeline.assembly.compiling import prepare
from pipeline.config import load_config
from pipeline.running.node import run_node
from pipeline.running.run_folder import RunFolder
from pipeline.sample_data.files import write_sample_data
from pipeline.workspace import Workspace
from tests.deploy.flink.cluster import ENGINE, Flink, wait_for
from tests.deploy.flink.test_equal import examples, relative, same_bytes

BEFORE = (
    nodes.SCHEMA_GEN, nodes.EXAMPLE_GEN, nodes.STATISTICS_GEN, nodes.TRAINED_ROWS, nodes.DATA_GATE, nodes.EARLIER_SPANS,
)  # fmt: skip
CONFIG = """
windows: {{history: 28, horizon: 14, test_periods: 21, eval_periods: 21, train_stride: {stride}}}
data: {{shards: 12}}
"""


class Retailer:
    """Data of some size, and a workspace whose windows are cut on the cluster.

    Windows of another stride are others, so that none is taken from a cache.
    """

    def __init__(self, flink: Flink) -> None:
        self._flink, self.root = flink, flink.folder("failures")
        self.data, self.workspace = self.root / "data", Workspace(self.root / "there")
        write_sample_data(self.data, stores=4, products=60, periods=400, seed=5)
        self._run(self.workspace, 1, "", 0, BEFORE)

    def begin(self, stride: int) -> subprocess.Popen[str]:
        """Windowing on the cluster; again, another try of the same."""
        run = self._run(self.workspace, stride, ENGINE, stride, BEFORE)
        return self._flink.begin(
            "run-node", "--workspace", str(self.workspace.root), "--run", run, "--node", nodes.WINDOWING
        )

    def windows(self, workspace: Workspace | None = None) -> list[Path]:
        """Artifacts of a workspace, oldest first."""
        folder = (workspace or self.workspace).artifacts / nodes.WINDOWING / "windows"
        return sorted(folder.iterdir(), key=lambda path: int(path.name)) if folder.exists() else []

    def same_as_here(self, stride: int) -> None:
        """The newest windows are those that one process of this machine cuts, and nothing is beside them."""
        here = Workspace(self.root / f"here-{stride}")
        self._run(here, stride, "", 0, (*BEFORE, nodes.WINDOWING))
        (expected,), found = self.windows(here), self.windows()[-1]
        assert relative(expected, "*") == relative(found, "*")
        same_bytes(expected, found, "*.parquet")
        same_bytes(expected, found, "*.json")
        for name in relative(expected, "*.gz"):
            assert list(examples(expected / name)) == list(examples(found / name)), name

    def _run(self, place: Workspace, stride: int, engine: str, number: int, chosen: tuple[str, ...]) -> str:
        """Has nodes of a run done in this process, where they are not done yet, and returns its id."""
        run = RunFolder(place, f"20260101T000000Z-{number}")
        if run.compiled:
            return run.run_id
        config = self.root / "config.yaml"
        config.write_text(CONFIG.format(stride=stride) + engine)
        place.create()
        today = datetime.now().astimezone().date()
        ready = prepare(self.data, place, load_config(config), run.run_id, today)
        for node in chosen:
            state = run_node(ready, node)
            # What was made here is taken from the cache for the cluster too.
            assert node not in (nodes.EXAMPLE_GEN, nodes.STATISTICS_GEN) or state == (
                "cached" if engine else "ran"
            )
        run.keep(ready.SerializeToString())
        return run.run_id


@pytest.fixture(scope="module")
def retailer(flink: Flink) -> Retailer:
    return Retailer(flink)


def cutting(flink: Flink, retailer: Retailer, number: int) -> psutil.Process:
    """The worker of a TaskManager, as soon as it writes windows."""
    folder = retailer.workspace.artifacts / nodes.WINDOWING
    wait_for("job", flink.running, pause=0.5)
    # It starts one, whose start takes seconds; those that it had for other jobs end.
    taskmanager = flink.taskmanager(number)
    workers = wait_for("worker", taskmanager.children, pause=0.2)

    def writing() -> list[psutil.Process]:
        return [worker for worker in workers if _writes(worker.pid, folder)]

    return wait_for("window", writing, pause=0.005)[0]


def _writes(pid: int, folder: Path) -> bool:
    try:
        return any(link.readlink().is_relative_to(folder) for link in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:  # One was closed, or the process ended.
        return False


def test_a_taskmanager_that_is_killed(flink: Flink, retailer: Retailer) -> None:
    process = retailer.begin(stride=2)
    cutting(flink, retailer, 2)
    flink.taskmanager(2).kill()
    said, _ = process.communicate()
    flink.whole()
    if process.returncode:
        assert process.returncode == 1 and "Traceback" not in said, said
        assert retailer.windows() == []
        process = retailer.begin(stride=2)
        said, _ = process.communicate()
    assert process.returncode == 0, said
    retailer.same_as_here(stride=2)
    assert flink.running() == []


def test_a_worker_that_is_paused_and_wakes_while_another_does_its_work(
    flink: Flink, retailer: Retailer
) -> None:
    process = retailer.begin(stride=3)
    worker = cutting(flink, retailer, 2)
    for paused in (flink.taskmanager(2), worker):
        paused.suspend()
    # Flink takes it for dead, and the other begins with all of the work.
    wait_for("restart", lambda: "RESTARTING" in {job["state"] for job in flink.jobs()})
    cutting(flink, retailer, 1)
    worker.resume()
    said, _ = process.communicate()
    assert process.returncode == 0, said
    flink.taskmanager(2).resume()
    flink.whole()
    # What woke has had its time to do harm.
    psutil.wait_procs([worker], timeout=20)
    retailer.same_as_here(stride=3)


def test_a_driver_that_is_killed_leaves_no_job_once_the_next_try_has_begun(
    flink: Flink, retailer: Retailer
) -> None:
    before, windows = {job["jid"] for job in flink.jobs()}, retailer.windows()
    first = retailer.begin(stride=4)
    run = RunFolder(retailer.workspace, "20260101T000000Z-4")
    wait_for("beginning", lambda: run.result(nodes.WINDOWING))
    # The next try waits for the end of this one, as an orchestrator's may.
    second = retailer.begin(stride=4)
    wait_for("job", flink.running)
    first.kill()
    killed = time.time()
    said, _ = second.communicate()
    assert second.returncode == 0, said
    jobs = sorted(
        (job for job in flink.jobs() if job["jid"] not in before), key=lambda job: job["start-time"]
    )
    assert [job["state"] for job in jobs] == ["CANCELED", "FINISHED"], said
    left, right = jobs
    assert left["name"] == right["name"] == f"retail-inventory-{run.run_id}-{nodes.WINDOWING}"
    assert left["end-time"] <= right["start-time"] and left["end-time"] / 1000 - killed < 30
    assert len(retailer.windows()) == len(windows) + 1, "half-written ones are gone"
    assert list((retailer.workspace.artifacts / ".jobs").iterdir()) == []
