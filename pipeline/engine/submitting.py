"""Runs a block's Beam jobs on the engine that their options name, and says in words what goes wrong there."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from contracts.errors import Failure, SystemFault, UserError
from contracts.exit_codes import WorkerExit
from pipeline.engine.flags import value_of, with_variables
from pipeline.engine.jobs import cancel_left, recorded

LOG = logging.getLogger(__name__)
CODE, FOLDERS = "RETAIL_INVENTORY_WORKER_CODE", "RETAIL_INVENTORY_WORKER_FOLDERS"
"""Environment variables of a worker: the fingerprint of the code that it is to have, and paths that it is to see."""
_ENDED = re.compile(r"Pipeline \S+ failed in state (?P<state>\w+): (?P<text>.*)", re.DOTALL)
"""What Beam raises where a job did not end well."""
_EXIT = re.compile(r"Process died with exit code (\d+)")
_NO_PROGRAM = re.compile(r'Cannot run program "([^"]*)"')


@contextmanager
def submitted(
    arguments: Sequence[str], root: Path, job: str, folders: Sequence[Path] = ()
) -> Iterator[list[str]]:
    """Beam's options for a block that runs one job, or several one after another.

    Where they name no Flink cluster they stay as they are. What a killed process left on one is cancelled before.

    Args:
        arguments: Beam's options as configured.
        root: the pipeline root of the workspace.
        job: what its job is to be called, which no other one that runs is.
        folders: of the data, which workers have to see beside the workspace.

    Raises:
        UserError: the cluster's workers cannot do this work, or it is too small.
        SystemFault: the cluster does not answer, or the job failed there.
    """
    cancel_left(root)
    endpoint, master = (value_of(arguments, name) for name in ("job_endpoint", "flink_master"))
    if endpoint is None or master is None:
        yield list(arguments)
        return
    # Only here: what is not used is not imported.
    from pipeline.engine.flink import Cluster
    from pipeline.engine.product import product_fingerprint

    cluster = Cluster(endpoint, master)
    cluster.check(int(value_of(arguments, "parallelism") or 1))
    with recorded(root, job, cluster) as record:
        # Other machines may have a folder of the same name: what was just written there is seen by those that share it.
        seen = os.pathsep.join(str(path) for path in (record, *folders))
        variables = {CODE: product_fingerprint(), FOLDERS: seen}
        try:
            yield [*with_variables(arguments, variables), f"--job_name={job}"]
        except Failure:
            raise
        except Exception as error:
            found = failure_of(error, job, cluster.master)
            if found is None:
                raise
            LOG.warning("the job failed on Flink", extra={"job": job, "said": str(error)})
            raise found from error


def failure_of(error: Exception, job: str, master: str) -> Failure | None:
    """What there is to say of an exception of Beam's; None where it is none of a job that failed on a cluster."""
    if type(error).__module__.startswith("grpc"):
        return SystemFault(f"the job {job}: the job server went away while it ran; see to it, and try again")
    ended = _ENDED.match(str(error))
    if ended is None:
        return None
    text = ended["text"]
    if (code := _EXIT.search(text)) and int(code[1]) in set(WorkerExit):
        return UserError(f"the job {job}: {_REFUSED[WorkerExit(int(code[1]))]}")
    if program := _NO_PROGRAM.search(text):
        return UserError(
            f"the job {job}: a TaskManager has no {program[1]}; install the product there at the same place, or name "
            "the program with engine.worker_command"
        )
    if ended["state"] == "CANCELLED":
        return SystemFault(f"the job {job} was cancelled on Flink")
    return SystemFault(f"the job {job} failed on Flink at {master}: {_last_words(text)}")


_REFUSED = {
    WorkerExit.OTHER_CODE: "a TaskManager has other code or packages than this machine; install the same version there",
    WorkerExit.NOT_SHARED: (
        "a TaskManager does not see the workspace or the data; put both on a file system that all machines have at the "
        "same place"
    ),
}


def _last_words(text: str) -> str:
    """What a worker's traceback, or Java's, says at its end."""
    said = re.split(r"\n\s*at ", text)[0].strip().splitlines()
    return said[-1].strip() if said else "nothing more is known"
