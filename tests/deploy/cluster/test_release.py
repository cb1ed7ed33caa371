"""deploy/scripts/release.sh on a real API server: an installation, an upgrade, one that fails, and the way back."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

from tests.deploy.cluster.conftest import NAMESPACE
from tests.deploy.cluster.control_plane import Cluster
from tests.deploy.kubernetes.chart import KUBERNETES, helm
from tests.deploy.live.programs import until
from tests.places import ROOT

STAGE = KUBERNETES / "stages" / "staging.yaml"
NAME = "retail-inventory-serving"
FIRST, SECOND = (f"registry.example.com/retail-inventory@sha256:{digit * 64}" for digit in "12")


def release(cluster: Cluster, *arguments: str, timeout: str = "90s") -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ, "KUBECONFIG": str(cluster.kubeconfig), "HELM": helm(), "TIMEOUT": timeout,
        "NAMESPACE": NAMESPACE,
    }  # fmt: skip
    script = ROOT / "deploy" / "scripts" / "release.sh"
    return subprocess.run(["sh", str(script), *arguments], env=environment, capture_output=True, text=True)


def image(cluster: Cluster) -> str:
    found = cluster.get("deployment", NAME, f"--namespace={NAMESPACE}")
    (container,) = found["spec"]["template"]["spec"]["containers"]
    return str(container["image"])


@pytest.fixture(scope="module")
def installed(cluster: Cluster) -> Iterator[Cluster]:
    more = ("--set", "serving.autoscaling.minimum=2", "--set", "serving.autoscaling.maximum=4")
    done = release(cluster, "deploy", str(STAGE), FIRST, *more)
    assert done.returncode == 0, done.stdout + done.stderr
    yield cluster
    uninstall(cluster)


def uninstall(cluster: Cluster) -> None:
    """Also where it was done already."""
    command = [helm(), "uninstall", "retail-inventory", "--ignore-not-found", f"--namespace={NAMESPACE}"]
    subprocess.run([*command, f"--kubeconfig={cluster.kubeconfig}"], check=True, capture_output=True)


def pods(cluster: Cluster) -> list[str]:
    """Ready ones of the service."""
    found = cluster.get("pods", f"--namespace={NAMESPACE}", "--selector=app.kubernetes.io/component=serving")
    return [
        one["metadata"]["name"]
        for one in found["items"]
        if any(c["type"] == "Ready" and c["status"] == "True" for c in one["status"].get("conditions", []))
    ]


def test_the_service_runs_as_often_as_the_autoscaler_says(installed: Cluster) -> None:
    until(lambda: len(pods(installed)) == 2 or None, "two pods of the service", 60)
    nodes = {one["spec"]["nodeName"] for one in installed.get("pods", f"--namespace={NAMESPACE}")["items"]}
    assert len(nodes) == 2


def test_one_pod_at_a_time_may_be_taken_away(installed: Cluster) -> None:
    def allowed() -> bool | None:
        found = installed.get("poddisruptionbudget", NAME, f"--namespace={NAMESPACE}")["status"]
        return (found["currentHealthy"], found["disruptionsAllowed"]) == (2, 1) or None

    until(allowed, "the budget counts its pods", 60)


def test_an_upgrade_takes_the_new_image_and_a_roll_back_the_old_one(installed: Cluster) -> None:
    upgraded = release(installed, "deploy", str(STAGE), SECOND)
    assert upgraded.returncode == 0, upgraded.stderr
    assert image(installed) == SECOND
    back = release(installed, "rollback", str(STAGE))
    assert back.returncode == 0, back.stderr
    assert image(installed) == FIRST


def test_an_upgrade_whose_pods_do_not_get_ready_goes_back_by_itself(installed: Cluster) -> None:
    before, running = image(installed), pods(installed)
    done = release(
        installed, "deploy", str(STAGE), SECOND, "--set", "pod.nodeSelector.nowhere=yes", timeout="20s"
    )
    assert done.returncode == 1, done.stdout
    assert image(installed) == before
    # All the while, the old pods answered.
    assert set(running) <= set(pods(installed))


def test_uninstalling_keeps_the_workspace(installed: Cluster) -> None:
    uninstall(installed)
    claims = installed.get("persistentvolumeclaim", f"--namespace={NAMESPACE}")["items"]
    assert [one["metadata"]["name"] for one in claims] == ["retail-inventory-workspace"]
    assert claims[0]["status"]["phase"] == "Bound"
    assert installed.get("deployments", f"--namespace={NAMESPACE}")["items"] == []
