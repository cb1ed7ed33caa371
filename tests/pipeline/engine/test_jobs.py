"""Jobs on a cluster that nobody waits for any more: found by what a killed process left, and cancelled there."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import SystemFault, UserError
from pipeline.engine.flink import Cluster
from pipeline.engine.jobs import cancel_left, recorded
from tests.places import ROOT


class Rest:
    """What a JobManager says of its jobs, and does with those that are cancelled."""

    def __init__(self, port: int, *names: str) -> None:
        # No job server: nothing is on its way.
        self.cluster = Cluster(f"127.0.0.1:{free_port()}", f"127.0.0.1:{port}")
        self.jobs = [
            {"jid": f"{number}", "name": name, "state": "RUNNING"} for number, name in enumerate(names)
        ]
        self.overview: dict[str, object] = {"slots-total": 2}

    def states(self) -> dict[str, str]:
        return {job["name"]: job["state"] for job in self.jobs}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def job_manager(*names: str) -> Iterator[Rest]:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = rest.overview if self.path == "/overview" else {"jobs": rest.jobs}
            self._say(200, json.dumps(content).encode())

        def do_PATCH(self) -> None:
            number = int(self.path.removeprefix("/jobs/").removesuffix("?mode=cancel"))
            rest.jobs[number]["state"] = "CANCELLING"
            threading.Timer(0.7, lambda: rest.jobs[number].update(state="CANCELED")).start()
            self._say(202, b"{}")

        def _say(self, code: int, content: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    rest = Rest(server.server_port, *names)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield rest
    finally:
        server.shutdown()
        server.server_close()


def left_behind(root: Path, name: str, cluster: Cluster) -> None:
    """As a process leaves it that is killed while it waits for its job."""
    code = (
        "import sys, time; from pathlib import Path; from pipeline.engine.flink import Cluster;"
        "from pipeline.engine.jobs import recorded\n"
        "with recorded(Path(sys.argv[1]), sys.argv[2], Cluster(*sys.argv[3:])):\n"
        " print('waits', flush=True); time.sleep(60)"
    )
    given = [str(root), name, cluster.job_endpoint, cluster.master]
    waits = subprocess.Popen([sys.executable, "-c", code, *given], cwd=ROOT, stdout=subprocess.PIPE)
    assert waits.stdout is not None and waits.stdout.readline() == b"waits\n"
    assert cancel_left(root) == 0, "it lives"
    waits.send_signal(signal.SIGKILL)
    waits.wait()


def test_a_killed_process_job_is_cancelled_by_whoever_comes_next_and_no_other(tmp_path: Path) -> None:
    with job_manager("mine", "another's") as rest:
        left_behind(tmp_path, "mine", rest.cluster)
        assert cancel_left(tmp_path) == 1
        # It has ended, and not only been asked to.
        assert rest.states() == {"mine": "CANCELED", "another's": "RUNNING"}
        assert cancel_left(tmp_path) == 0


def test_a_job_whose_cluster_does_not_answer_stops_whoever_comes_next(tmp_path: Path) -> None:
    with job_manager("mine") as rest:
        left_behind(tmp_path, "mine", rest.cluster)
        path = next((tmp_path / ".jobs").glob("*.json"))
    with pytest.raises(SystemFault, match=rf"may still run.*no JobManager answers.*remove {path}"):
        cancel_left(tmp_path)
    path.unlink()
    assert cancel_left(tmp_path) == 0


def test_a_block_that_ends_leaves_nothing_and_one_that_breaks_off_cancels(tmp_path: Path) -> None:
    with job_manager("mine") as rest:
        with recorded(tmp_path, "mine", rest.cluster) as path:
            assert path.exists()
        assert rest.states() == {"mine": "RUNNING"} and not path.exists()
        with pytest.raises(KeyError), recorded(tmp_path, "mine", rest.cluster):
            raise KeyError
        assert rest.states() == {"mine": "CANCELED"} and not path.exists()


def test_a_job_that_is_still_on_its_way_is_waited_for() -> None:
    import grpc
    from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc

    class JobServer(beam_job_api_pb2_grpc.JobServiceServicer):
        def GetJobs(self, request: Any, context: Any) -> Any:  # noqa: N802 (what gRPC calls it)
            job = beam_job_api_pb2.JobInfo(job_id="1")
            job.pipeline_options["beam:option:job_name:v1"] = "mine"
            return beam_job_api_pb2.GetJobsResponse(job_info=[job])

    server = grpc.server(ThreadPoolExecutor(1))
    beam_job_api_pb2_grpc.add_JobServiceServicer_to_server(JobServer(), server)
    with job_manager() as rest:
        server.add_insecure_port(rest.cluster.job_endpoint)
        server.start()
        arrives = {"jid": "0", "name": "mine", "state": "RUNNING"}
        threading.Timer(0.8, lambda: rest.jobs.append(arrives)).start()
        assert rest.cluster.cancel("mine", patience=10) == 1
        assert rest.states() == {"mine": "CANCELED"}
        server.stop(0).wait()


def test_a_job_that_does_not_end_in_time_is_told(tmp_path: Path) -> None:
    with job_manager("mine") as rest:
        begun = time.monotonic()
        with pytest.raises(SystemFault, match="has not ended"):
            rest.cluster.cancel("mine", patience=0.0)
        assert time.monotonic() - begun < 5


def test_what_is_missing_of_a_cluster_is_told_before_it_is_given_a_job() -> None:
    with job_manager() as rest:
        with pytest.raises(SystemFault, match=f"job_endpoint {rest.cluster.job_endpoint}: no job server"):
            rest.cluster.check(2)
        with pytest.raises(UserError, match=r"parallelism is 3, and Flink at .* has 2 task slot"):
            rest.cluster.check(3)
        rest.overview = {"slots-total": 0}
        with pytest.raises(SystemFault, match="has no TaskManager"):
            rest.cluster.check(1)
        rest.overview = {"something": "else"}
        with pytest.raises(UserError, match="is no JobManager"):
            rest.cluster.check(1)
    with pytest.raises(SystemFault, match=f"flink_master {rest.cluster.master}: no JobManager answers"):
        rest.cluster.check(1)
