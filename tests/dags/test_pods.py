"""The same DAGs with a pod for each task, as far as the rendered pod: no cluster is at hand here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from kubernetes.client import models as k8s
from retail.description import read
from retail.pods import RetailPodOperator, exit_code
from retail.settings import settings
from retail.tasks import Tasks


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch, description: Path) -> Iterator[Tasks]:
    for name, value in {
        "RUNNER": "kubernetes", "IMAGE": "registry.example.com/retail:1", "NAMESPACE": "retail",
        "VOLUME_CLAIM": "shop", "VOLUME_PATH": "/shop",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"AIRFLOW__RETAIL__{name}", value)
    with DAG("pods"):
        yield Tasks(read(description), settings())


def pod_of(task: Any) -> k8s.V1Pod:
    return task.build_pod_request_obj(dry_run=True)


def test_a_node_is_a_pod_with_the_same_command(tasks: Tasks, description: Path) -> None:
    nodes = {task.task_id: task for task in tasks.nodes(read(description).nodes)}
    found = pod_of(nodes["Transform"])
    (container,) = [c for c in found.spec.containers if c.name == "base"]
    assert container.command == ["retail-inventory"]
    assert container.args[0] == "run-node" and container.args[-2:] == ["--node", "Transform"]
    assert container.image == "registry.example.com/retail:1"
    assert container.resources.requests == {"cpu": "2", "memory": "4Gi"}
    assert found.metadata.namespace == "retail"
    (mount,) = container.volume_mounts
    (volume,) = found.spec.volumes
    assert mount.mount_path == "/shop" and volume.persistent_volume_claim.claim_name == "shop"
    assert found.spec.security_context.run_as_non_root and found.spec.automount_service_account_token is False
    assert pod_of(nodes["DataGate"]).spec.containers[0].resources.requests["cpu"] == "1"


def test_an_option_without_a_value_is_no_argument(tasks: Tasks) -> None:
    options = {"--as-of": "{{ params.as_of or '' }}", "--reason": "{{ params.re_baseline }}"}
    task = tasks.command("begin", ["python", "-m", "pipeline", "compile"], "Begins.", options=options)
    task.render_template_fields(
        {"params": {"as_of": None, "re_baseline": "new assortment"}, "ti": SimpleNamespace()}
    )
    assert task.arguments == ["compile", "--reason=new assortment"]


@pytest.mark.parametrize(
    ("code", "kind"), [(1, AirflowException), (2, AirflowFailException), (3, AirflowFailException)]
)
def test_exit_codes_mean_what_they_mean_for_a_process(
    monkeypatch: pytest.MonkeyPatch, tasks: Tasks, code: int, kind: type[Exception]
) -> None:
    def failed(*_: Any, **__: Any) -> None:
        raise AirflowException("the pod failed")

    monkeypatch.setattr(KubernetesPodOperator, "cleanup", failed)
    task = tasks.command("DataGate", ["python", "-m", "pipeline", "run-node"], "Judges.")
    assert isinstance(task, RetailPodOperator)
    state = k8s.V1ContainerState(terminated=k8s.V1ContainerStateTerminated(exit_code=code))
    status = k8s.V1ContainerStatus(
        name="base", state=state, image="i", image_id="i", ready=False, restart_count=0
    )
    ended = k8s.V1Pod(status=k8s.V1PodStatus(container_statuses=[status]))
    assert exit_code(ended, "base") == code
    with pytest.raises(AirflowException) as caught:
        task.cleanup(ended, ended)
    assert type(caught.value) is kind
