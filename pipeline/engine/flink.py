"""A Flink cluster by its REST service, and the job server that gives it Beam's jobs."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from typing import Any

import requests

from contracts.errors import SystemFault, UserError

_CONNECT_SECONDS = 5.0
_PAUSE = 0.5
_ARRIVAL_SECONDS = 60.0
_ENDED = frozenset({"FINISHED", "FAILED", "CANCELED"})
_NAME = "beam:option:job_name:v1"


@dataclass(frozen=True)
class Cluster:
    """Where it answers.

    Attributes:
        job_endpoint: HOST:PORT of the job server.
        master: HOST:PORT of the JobManager's REST service.
    """

    job_endpoint: str
    master: str

    def check(self, parallelism: int) -> None:
        """Looks whether it can take a job: within seconds and in words, where Beam would wait for minutes.

        Raises:
            SystemFault: one of its parts does not answer, or no TaskManager has come yet.
            UserError: it has fewer slots than a job takes.
        """
        slots = self._ask("GET", "/overview").get("slots-total")
        if not isinstance(slots, int):
            raise UserError(f"engine.flink_master {self.master}: answers, but is no JobManager of Flink")
        if not slots:
            raise SystemFault(f"Flink at {self.master}: has no TaskManager; start one, and try again")
        if slots < parallelism:
            raise UserError(
                f"engine.parallelism is {parallelism}, and Flink at {self.master} has {slots} task slot(s): lower the "
                "one, or start more TaskManagers"
            )
        host, _, port = self.job_endpoint.rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS).close()
        except OSError as error:
            raise SystemFault(
                f"engine.job_endpoint {self.job_endpoint}: no job server answers there ({error.strerror or error}); "
                "start it, see docs/scaling.md"
            ) from error

    def cancel(self, name: str, patience: float) -> int:
        """Cancels every job of a name, and waits until it has ended; returns how many there were.

        One may still be on its way from the job server to Flink, so Flink is to know of as many as the job server. What
        the job server says of their states is not believed: it keeps a job for running whose driver was killed.

        Raises:
            SystemFault: Flink does not answer, or a job does not end in time.
        """
        cancelled: set[str] = set()
        begun = time.monotonic()
        while True:
            taken, jobs = _taken(self.job_endpoint, name), self._jobs(name)
            running = {job["jid"] for job in jobs if job["state"] not in _ENDED}
            # One that failed on its way does not come any more.
            arriving = taken > len(jobs) and time.monotonic() - begun < _ARRIVAL_SECONDS
            if not running and not arriving:
                return len(cancelled)
            for job in running - cancelled:
                self._ask("PATCH", f"/jobs/{job}?mode=cancel")
                cancelled.add(job)
            if running and time.monotonic() - begun > patience:
                raise SystemFault(
                    f"Flink at {self.master}: the job {name} has not ended {patience:.0f} s after it was cancelled; "
                    "see to it there, and try again"
                )
            time.sleep(_PAUSE)

    def _jobs(self, name: str) -> list[dict[str, Any]]:
        jobs: list[dict[str, Any]] = self._ask("GET", "/jobs/overview").get("jobs", [])
        return [job for job in jobs if job["name"] == name]

    def _ask(self, method: str, path: str) -> dict[str, Any]:
        try:
            # Neither a proxy nor a password of ~/.netrc comes in unasked.
            with requests.Session() as session:
                session.trust_env = False
                answer = session.request(method, f"http://{self.master}{path}", timeout=_CONNECT_SECONDS)
                # A job that has ended meanwhile is no error: it is asked for again.
                found = answer.json() if method == "GET" else {}
        except requests.JSONDecodeError:
            return {}
        except requests.RequestException as error:
            raise SystemFault(
                f"engine.flink_master {self.master}: no JobManager answers there ({_reason(error)}); start it, see "
                "docs/scaling.md"
            ) from error
        return found if isinstance(found, dict) else {}


def _reason(error: requests.RequestException) -> str:
    return "it takes too long" if isinstance(error, requests.Timeout) else "cannot connect"


def _taken(endpoint: str, name: str) -> int:
    """How many jobs of this name a job server was given; one that is gone gives none to Flink any more."""
    import grpc  # Here and not above: its threads do not survive the forks of processes that only look for jobs.
    from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc

    with grpc.insecure_channel(endpoint) as channel:
        try:
            answer = beam_job_api_pb2_grpc.JobServiceStub(channel).GetJobs(
                beam_job_api_pb2.GetJobsRequest(), timeout=_CONNECT_SECONDS
            )
        except grpc.RpcError:
            return 0
    return sum(job.pipeline_options.fields[_NAME].string_value == name for job in answer.job_info)
