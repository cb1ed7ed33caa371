"""Tells the registry what the workspace holds. Twice is once, and what was cut off goes on where it ended."""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.errors import SystemFault
from contracts.models import MODELS
from pipeline.registry.reading import STAGE, TOLD, MlflowRun, read_experiment, read_registry, read_runs
from pipeline.registry.runs import PAIR, RUN_ID, ToldRun, run_as_told, told_runs
from pipeline.registry.server import Server
from pipeline.registry.sides import CHAMPION, Directory, Move, Registry, missing, moves, stages
from pipeline.registry_options import RegistryOptions
from pipeline.workspace import Workspace, take_lock
from serving.directory.layout import hold, model_folder, read_manifest

LOG = logging.getLogger(__name__)
_LOCK = "lock"
_METRICS_AT_ONCE, _PARAMETERS_AT_ONCE, _TAGS_AT_ONCE = 1000, 100, 100
"""What MLflow takes in one request."""


@dataclass(frozen=True)
class Told:
    """What a call told.

    Attributes:
        runs: ids of ours that are whole in the registry now.
        pairs: that were registered.
        moves: of aliases.
    """

    runs: tuple[str, ...]
    pairs: tuple[int, ...]
    moves: tuple[Move, ...]

    @property
    def overruled(self) -> list[str]:
        """What somebody had moved, and was moved back, in sentences."""
        return [
            f"{move.model}@{move.alias} had been moved to pair {move.by_hand} in the registry; pair {move.pair} "
            f"serves, so it was moved back ('rollback --to {move.by_hand}' lets the other one serve)"
            for move in self.moves
            if move.by_hand is not None
        ]


@contextmanager
def telling(workspace: Workspace, patience: float | None) -> Iterator[None]:
    """Holds the registry of a workspace against others that would tell it at once.

    Raises:
        SystemFault: another one does, and did so for ``patience`` seconds; None: waits.
    """
    workspace.registry.mkdir(exist_ok=True)
    with (workspace.registry / _LOCK).open("a") as file:
        if not take_lock(file, patience):
            raise SystemFault(f"{workspace.registry}: another command tells the registry now")
        yield


def tell(workspace: Workspace, server: Server, options: RegistryOptions) -> Told:
    """Tells what is not told yet: runs and pairs that are kept, aliases, then the other runs. Within ``telling``.

    Raises:
        UserError, SystemFault: of ``Server``; what was told until then stays, and the next call goes on.
    """
    directory = Directory.read(workspace.serving)
    experiment = read_experiment(server, options.experiment) or str(
        server.post("experiments/create", name=options.experiment)["experiment_id"]
    )
    teller = _Teller(workspace, server, options, experiment)
    registry = read_registry(server, options)
    lacking = missing(directory, registry)
    for pair, models in lacking.items():
        teller.register(pair, models)
    if lacking:
        registry = read_registry(server, options)
    for model, number, stage in stages(directory, registry):
        name = options.model_prefix + model
        server.post("model-versions/set-tag", name=name, version=number, key=STAGE, value=stage)
    moved = moves(directory, registry)
    for move in moved:
        _move(server, options, registry, move)
    _sign(server, options, directory, registry)
    for run_id in told_runs(workspace):
        teller.run(run_id)
    told = Told(tuple(teller.told), tuple(lacking), tuple(moved))
    LOG.info(
        "registry told", extra={"runs": list(told.runs), "pairs": list(told.pairs), "moves": len(told.moves)}
    )
    for sentence in told.overruled:
        LOG.warning("%s", sentence)
    return told


def _move(server: Server, options: RegistryOptions, registry: Registry, move: Move) -> None:
    name = options.model_prefix + move.model
    if move.pair is None:
        server.delete("registered-models/alias", name=name, alias=move.alias)
        return
    number = registry[move.model].number(move.pair)
    server.post("registered-models/alias", name=name, alias=move.alias, version=number)


def _sign(server: Server, options: RegistryOptions, directory: Directory, registry: Registry) -> None:
    """Says in the registry itself which champion it was told, so that a later one is known to be somebody's."""
    champion = directory.aliases.get(CHAMPION)
    for model in MODELS:
        if champion is not None and registry[model].told != champion:
            name = options.model_prefix + model
            server.post("registered-models/set-tag", name=name, key=TOLD, value=str(champion))


class _Teller:
    """Tells runs and pairs of one workspace."""

    def __init__(
        self, workspace: Workspace, server: Server, options: RegistryOptions, experiment: str
    ) -> None:
        self._workspace, self._server, self._options = workspace, server, options
        self._experiment = experiment
        self._runs = read_runs(server, experiment)
        self.told: list[str] = []

    def run(self, run_id: str, facts: Mapping[str, Any] | None = None) -> MlflowRun:
        """A run, told to its end."""
        there = self._runs.get(run_id)
        if there is not None and there.whole:
            return there
        told = run_as_told(self._workspace, run_id, facts)
        if there is None:
            info = self._server.post(
                "runs/create",
                experiment_id=self._experiment,
                run_name=run_id,
                start_time=_milliseconds(told.began),
                tags=[{"key": RUN_ID, "value": run_id}],
            )["run"]["info"]
            there = MlflowRun(info["run_id"], info["artifact_uri"], False)
        self._describe(there.number, told)
        for name, file in told.files.items():
            self._server.upload(there.artifacts, name, file)
        self._server.post(
            "runs/update", run_id=there.number, status=told.status, end_time=_milliseconds(told.ended)
        )
        self._runs[run_id] = MlflowRun(there.number, there.artifacts, True)
        self.told.append(run_id)
        return self._runs[run_id]

    def _describe(self, number: str, told: ToldRun) -> None:
        # A metric is told twice at one time with one value, and stands once.
        at = _milliseconds(told.ended)
        metrics = [
            {"key": key, "value": value, "timestamp": at, "step": 0} for key, value in told.metrics.items()
        ]
        for name, entries, at_once in (
            ("params", _entries(told.parameters), _PARAMETERS_AT_ONCE),
            ("metrics", metrics, _METRICS_AT_ONCE),
            ("tags", _entries(told.tags), _TAGS_AT_ONCE),
        ):
            for some in _parts(entries, at_once):
                self._server.post("runs/log-batch", run_id=number, **{name: some})

    def register(self, pair: int, models: Iterable[str]) -> None:
        """Uploads models of a kept pair to the run that made it, and makes each a version."""
        root = self._workspace.serving
        with hold(root, pair):
            manifest = read_manifest(root, pair)
            facts = manifest["facts"]
            run_id = str(facts.get("run_id", f"pair-{pair}"))
            run = self.run(run_id, facts)
            told = run_as_told(self._workspace, run_id, facts)
            tags = {name: told.tags[name] for name in _OF_THE_RUN if name in told.tags} | {
                PAIR: str(pair),
                RUN_ID: run_id,
                "pushed_at": manifest["pushed_at"],
                "transform_graph": manifest["transform_graph"],
                "files_sha256": files_digest(manifest["files"]),
            }
            for model in models:
                self._upload(run, model, model_folder(root, pair, model))
                self._version(run, model, tags)

    def _upload(self, run: MlflowRun, model: str, folder: Path) -> None:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            self._server.upload(run.artifacts, f"{model}/{file.relative_to(folder).as_posix()}", file)

    def _version(self, run: MlflowRun, model: str, tags: Mapping[str, str]) -> None:
        name = self._options.model_prefix + model
        if self._server.find("registered-models/get", name=name) is None:
            self._server.post("registered-models/create", name=name)
        self._server.post(
            "model-versions/create",
            name=name,
            source=f"{run.artifacts}/{model}",
            run_id=run.number,
            tags=_entries(tags),
        )


_OF_THE_RUN = ("data.span", "data.first_date", "data.last_date", "schema_sha256")
"""Tags that a version has too, since it is looked at by itself."""


def files_digest(files: Mapping[str, Any]) -> str:
    """SHA-256 of a manifest's list of files with their sums: what two copies of a pair are compared by."""
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def _entries(found: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value} for key, value in found.items()]


def _parts(entries: Sequence[dict[str, Any]], size: int) -> Iterator[list[dict[str, Any]]]:
    left = iter(entries)
    while part := list(itertools.islice(left, size)):
        yield part


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
