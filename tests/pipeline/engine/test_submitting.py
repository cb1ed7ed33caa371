"""What is said where a job does not end well, and that another machine's code is told from this one's."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.errors import Failure, SystemFault, UserError
from contracts.exit_codes import WorkerExit
from pipeline.engine.product import Refused, check, product_fingerprint
from pipeline.engine.submitting import failure_of, submitted
from pipeline.packages import rooms
from tests.places import ROOT

JAVA = "java.lang.IllegalStateException: Process died with exit code {}"
IN_A_WORKER = """java.util.concurrent.ExecutionException: java.lang.RuntimeException: Error received from SDK harness
Traceback (most recent call last):
  File "components/windowing/executor.py", line 1, in process
OSError: [Errno 28] No space left on device [while running 'Cut']

	at java.base/java.util.concurrent.CompletableFuture.reportGet(CompletableFuture.java:396)
"""


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        (JAVA.format(int(WorkerExit.OTHER_CODE)), UserError, "other code or packages"),
        (JAVA.format(int(WorkerExit.NOT_SHARED)), UserError, "does not see the workspace or the data"),
        (JAVA.format(1), SystemFault, "failed on Flink at f:1: java.lang.Illegal"),
        ('IOException: Cannot run program "/opt/w": error=2, No such file', UserError, "has no /opt/w"),
        (IN_A_WORKER, SystemFault, "failed on Flink at f:1: OSError: .Errno 28. No space left"),
        ("", SystemFault, "nothing more is known"),
    ],
)
def test_a_failed_job_is_told_in_words(text: str, kind: type[Failure], words: str) -> None:
    found = failure_of(RuntimeError(f"Pipeline a_b failed in state FAILED: {text}"), "job-1", "f:1")
    assert type(found) is kind
    with pytest.raises(kind, match=f"job job-1.*{words}"):
        raise found


def test_a_cancelled_job_may_be_tried_again_and_other_errors_are_none_of_a_job() -> None:
    cancelled = failure_of(RuntimeError("Pipeline a failed in state CANCELLED: x"), "job-1", "f:1")
    assert isinstance(cancelled, SystemFault) and "cancelled" in str(cancelled)
    assert failure_of(RuntimeError("something else"), "job-1", "f:1") is None


def test_where_no_cluster_is_named_nothing_happens(tmp_path: Path) -> None:
    given = ["--runner=Mine", "--job_endpoint=a:1"]
    with submitted(given, tmp_path, "job-1") as arguments:
        assert arguments == given
    assert list(tmp_path.iterdir()) == []


def test_a_copy_elsewhere_is_the_same_code_until_a_byte_is_other(tmp_path: Path) -> None:
    for room in rooms():
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))

    def of_copy() -> str:
        code = "from pipeline.engine.product import product_fingerprint as f; print(f())"
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
        return done.stdout.strip() or done.stderr

    assert of_copy() == product_fingerprint()
    with (tmp_path / "components" / "windowing" / "cutting.py").open("a") as file:
        file.write("# another version\n")
    assert len(of_copy()) == 16 and of_copy() != product_fingerprint()


def test_a_worker_does_not_start_where_it_would_do_other_work(tmp_path: Path) -> None:
    check("", "")
    check(product_fingerprint(), os.pathsep.join([str(tmp_path), str(ROOT)]))
    with pytest.raises(Refused, match="ordered by code 0123, and here is") as other:
        check("0123", "")
    with pytest.raises(Refused, match=f"{tmp_path}/none: is not here") as unseen:
        check("", f"{tmp_path}{os.pathsep}{tmp_path}/none")
    assert (other.value.code, unseen.value.code) == (WorkerExit.OTHER_CODE, WorkerExit.NOT_SHARED)
