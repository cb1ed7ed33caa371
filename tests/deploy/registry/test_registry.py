"""A real MLflow on a real PostgreSQL, told by our commands and read by MLflow's own client."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from contracts.durable import checksums
from contracts.models import MODELS
from pipeline.workspace import Workspace
from serving.directory.layout import model_folder, read_state
from serving.directory.pushing import push
from store.connections import Connections
from tests.deploy.live.programs import get, until
from tests.deploy.registry.servers import Mlflow, mlflow
from tests.pipeline.small import CONFIG, Small
from tests.places import ROOT
from tests.serving.pairs import make_pair

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(store: Connections, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mlflow]:
    with mlflow(store, tmp_path_factory.mktemp("registry")) as made:
        yield made


def call(
    server: Mlflow, arguments: Sequence[object], password: str | None = None, user: str | None = None
) -> subprocess.CompletedProcess[str]:
    given = server.credentials()
    given |= {"MLFLOW_TRACKING_PASSWORD": password} if password else {}
    given |= {"MLFLOW_TRACKING_USERNAME": user} if user else {}
    command = [sys.executable, "-m", "pipeline", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, **given})


class Shop:
    """A workspace with pairs that look like models, and a registry of its own on the server."""

    def __init__(self, server: Mlflow, folder: Path, name: str) -> None:
        self.server, self.folder, self.name = server, folder, name
        self.workspace = Workspace(folder / "w")
        self.workspace.create()
        self.config = folder / "config.yaml"
        self.config.write_text(
            f"registry: {{mlflow: '{server.address}', experiment: {name}, model_prefix: '{name}.'}}\n"
        )

    def push(self, name: str, *, canary: bool = False) -> int:
        facts = {"run_id": f"20260307T02000{name}Z-1a2b", "metrics": {}}
        return push(
            self.workspace.serving, make_pair(self.folder, f"pair{name}"), facts, keep=5, canary=canary
        ).version

    def call(self, *arguments: str, **who: str) -> subprocess.CompletedProcess[str]:
        return call(self.server, [*arguments, "--workspace", self.workspace.root], **who)

    def done(self, *arguments: str) -> str:
        done = self.call(*arguments)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        return done.stdout

    def sync(self) -> str:
        return self.done("registry", "sync", "--config", str(self.config))

    def seen(self) -> dict[str, Any]:
        """By model what MLflow's own client sees."""
        models: dict[str, Any] = self.server.client("seen", f"{self.name}.", self.name)["models"]
        return models

    def aliases(self) -> dict[str, int]:
        """By alias the pair, which both models name; each pair has one version of each."""
        by_model, seen = [], self.seen()
        for model in MODELS:
            found = seen[model]
            pairs = [tags["pair"] for tags in found["versions"].values()]
            assert len(pairs) == len(set(pairs))
            by_model.append({a: int(found["versions"][n]["pair"]) for a, n in found["aliases"].items()})
        assert by_model[0] == by_model[1]
        return by_model[0]

    def agree(self) -> bool:
        found = json.loads(self.done("registry", "show", "--json"))
        agree = not found["differences"]
        assert agree == (found["directory"] == self.aliases())
        return agree


@pytest.fixture
def shop(server: Mlflow, tmp_path: Path) -> Shop:
    return Shop(server, tmp_path, f"shop{time.time_ns()}")


def test_a_run_waits_for_no_registry_and_is_told_later_with_its_models(
    server: Mlflow, tmp_path: Path
) -> None:
    small = Small(tmp_path)
    small.config.write_text(CONFIG + "registry: {mlflow: 'http://127.0.0.1:1', experiment: a run}\n")
    done = call(server, small.command()[3:])
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("the registry was not told") == 1

    small.config.write_text(CONFIG + f"registry: {{mlflow: '{server.address}', experiment: a run}}\n")
    synced = call(server, ["registry", "sync", "--workspace", small.workspace, "--config", small.config])
    assert synced.returncode == 0, synced.stderr
    (summary,) = small.summaries()
    seen = server.client("seen", "", "a run")
    (run,) = seen["runs"].values()
    assert run["status"] == "FINISHED" and run["tags"]["retail.run_id"] == summary["run_id"]
    assert run["params"]["windows.horizon"] == "14" and len(run["tags"]["schema_sha256"]) == 64
    assert run["tags"]["data.last_date"] == summary["data"]["last_date"]
    for model in MODELS:
        metrics = summary["models"][model]
        for name, value in metrics["metrics"].items():
            if isinstance(value, float):
                assert run["metrics"][f"{model}/{name}"] == pytest.approx(value)
        for place, found in metrics["slices"].items():
            for name, value in found.items():
                if value is not None:
                    assert run["metrics"][f"{model}/{place.replace('=', ':')}/{name}"] == pytest.approx(value)
    for policy, cost in summary["simulation"].items():
        assert run["metrics"][f"simulation/{policy}/total_cost"] == pytest.approx(cost["total_cost"])
    assert sorted(run["artifacts"]) == ["report/index.html", "report/summary.json"]
    pair = read_state(small.workspace / "serving").stable
    assert pair is not None
    for model in MODELS:
        folder = tmp_path / f"downloaded {model}"
        got = server.client("download", f"models:/{model}@champion", folder)
        assert checksums(Path(got)) == checksums(model_folder(small.workspace / "serving", pair, model))

    # The next run finds the registry there, and tells it by itself.
    again = call(server, small.command()[3:])
    assert again.returncode == 0 and "registry" not in again.stdout, again.stdout
    seen = server.client("seen", "", "a run")
    assert sorted(run["tags"]["retail.run_id"] for run in seen["runs"].values()) == [
        found["run_id"] for found in small.summaries()
    ]
    assert [len(seen["models"][model]["versions"]) for model in MODELS] == [1, 1]


def test_aliases_follow_push_promotion_and_roll_back(shop: Shop) -> None:
    first = shop.push("1")
    shop.sync()
    assert shop.aliases() == {"champion": first}
    second = shop.push("2")
    third = shop.push("3", canary=True)
    assert not shop.agree()
    shop.sync()
    assert shop.aliases() == {"champion": second, "challenger": third, "previous": first} and shop.agree()
    shop.done("promote", "--reason", "cheaper")
    assert shop.aliases() == {"champion": third, "previous": second} and shop.agree()
    shop.done("rollback", "--to", str(first))
    assert shop.aliases() == {"champion": first} and shop.agree()
    stages = {tags["pair"]: tags["stage"] for tags in shop.seen()[MODELS[0]]["versions"].values()}
    assert stages == {str(first): "stable", str(second): "withdrawn", str(third): "withdrawn"}
    assert "the registry knew all" in shop.sync()


def test_what_is_moved_there_is_followed_after_the_same_checks(shop: Shop) -> None:
    first, second = shop.push("1"), shop.push("2")
    third = shop.push("3", canary=True)
    shop.sync()
    number = {int(tags["pair"]): n for n, tags in shop.seen()[MODELS[0]]["versions"].items()}

    shop.server.client("move", f"{shop.name}.", "champion", number[first])
    refused = shop.call("registry", "apply")
    assert refused.returncode == 2 and "do not belong together" in refused.stderr

    # A promotion, and then a roll-back to a pair whose files were changed, and to one that is whole.
    shop.server.client("move", f"{shop.name}.", "champion", number[third], number[third])
    assert f"pair {third} serves" in shop.done("registry", "apply", "--reason", "cheaper there")
    assert read_state(shop.workspace.serving).stable == third and shop.agree()
    damaged = model_folder(shop.workspace.serving, second, MODELS[0]) / "saved_model.pb"
    whole = damaged.read_text()
    damaged.write_text("else")
    shop.server.client("move", f"{shop.name}.", "champion", number[second], number[second])
    refused = shop.call("registry", "apply")
    assert refused.returncode == 2 and "not as they were pushed" in refused.stderr
    assert read_state(shop.workspace.serving).stable == third
    damaged.write_text(whole)
    shop.done("registry", "apply")
    assert read_state(shop.workspace.serving).stable == second and shop.agree()

    # The directory is the truth: what was not followed is overruled, and said.
    shop.server.client("move", f"{shop.name}.", "champion", number[first], number[first])
    assert shop.sync().count(f"had been moved to pair {first}") == len(MODELS)
    assert shop.aliases()["champion"] == second
    assert "nothing to do" in shop.done("registry", "apply")


def test_a_pair_is_deployed_by_its_alias(shop: Shop, tmp_path: Path) -> None:
    first, _ = shop.push("1"), shop.push("2")
    shop.sync()

    def deployed(alias: str) -> subprocess.CompletedProcess[str]:
        script = ROOT / "deploy" / "scripts" / "deploy_model.sh"
        command: list[str | Path] = [
            "sh",
            script,
            "--workspace",
            shop.workspace.root,
            "--target",
            tmp_path / "srv",
        ]
        given = {**os.environ, **shop.server.credentials()}
        options = ["--no-service", "--alias", alias]
        return subprocess.run([*command, *options], capture_output=True, text=True, env=given)

    done = deployed("previous")
    assert done.returncode == 0, done.stderr
    assert read_state(tmp_path / "srv" / "serving").stable == first
    nobody = deployed("challenger")
    assert nobody.returncode == 2 and "name no one pair challenger" in nobody.stderr


def test_a_server_that_dies_meanwhile_is_caught_up_with(shop: Shop) -> None:
    pairs = [shop.push(str(i)) for i in range(4)]
    command = [sys.executable, "-m", "pipeline", "registry", "sync", "--config", str(shop.config)]
    syncing = subprocess.Popen(
        [*command, "--workspace", str(shop.workspace.root)],
        env={**os.environ, **shop.server.credentials()},
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    artifacts = shop.server.home / "artifacts"
    before = sum(1 for _ in artifacts.rglob("saved_model.pb"))
    until(lambda: sum(1 for _ in artifacts.rglob("saved_model.pb")) >= before + 3, "the third model there")
    shop.server.end(signal.SIGKILL)
    _, said = syncing.communicate(timeout=60)
    assert syncing.returncode == 1 and said.count("\n") == 1 and "does not answer" in said

    rolled = shop.call("rollback")
    assert rolled.returncode == 0
    assert rolled.stdout.count("the registry was not told") == 1

    shop.server.start()
    shop.sync()
    assert shop.aliases() == {"champion": pairs[2], "previous": pairs[1]} and shop.agree()
    seen = shop.seen()
    for model in MODELS:
        assert sorted(int(v["pair"]) for v in seen[model]["versions"].values()) == pairs
    assert "the registry knew all" in shop.sync()


def test_who_may_not_is_told_so_in_one_line(shop: Shop) -> None:
    shop.push("1")
    shop.sync()
    shop.push("2")
    wrong = shop.call("registry", "sync", password="a-wrong-password-1")
    assert wrong.returncode == 2 and wrong.stderr.count("\n") == 1
    assert "refuses the user or the password" in wrong.stderr and "a-wrong-password-1" not in wrong.stderr
    shop.server.client("reader", f"reader-{shop.name}", "a-long-password-1")
    reader = {"user": f"reader-{shop.name}", "password": "a-long-password-1"}
    assert shop.call("registry", "show", **reader).returncode == 0
    refused = shop.call("registry", "sync", **reader)
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1
    assert "this user may not" in refused.stderr
    assert not shop.agree()


def test_nobody_comes_in_without_a_password(server: Mlflow) -> None:
    with pytest.raises(OSError, match="401"):
        get(f"{server.address}/api/2.0/mlflow/registered-models/search")
    for path in server.home.iterdir():
        if path.is_file():
            assert path.stat().st_mode & 0o077 == 0
