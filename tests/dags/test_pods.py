"""The same DAGs with a pod for each task, as far as the rendered pod; tests/deploy/cluster has it admitted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
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

NEEDED = {
    "RUNNER": "kubernetes", "IMAGE": "registry.example.com/retail:1", "NAMESPACE": "retail",
    "VOLUME_CLAIM": "shop", "VOLUME_PATH": "/shop",
}  # fmt: skip


def configured(monkeypatch: pytest.MonkeyPatch, description: Path, **more: str) -> Tasks:
    for name, value in (NEEDED | more).items():
        monkeypatch.setenv(f"AIRFLOW__RETAIL__{name}", value)
    return Tasks(read(description), settings())


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch, description: Path) -> Iterator[Tasks]:
    with DAG("pods"):
        yield configured(monkeypatch, description)


def planned(tasks: Tasks, task: str = "plan", *, heavy: bool = True) -> k8s.V1Pod:
    """The pod of a task as such."""
    with DAG("pods"):
        return pod_of(tasks.command(task, ["python", "-m", "pipeline", task], "Does.", heavy=heavy))


def base_of(pod: k8s.V1Pod) -> k8s.V1Container:
    (found,) = [container for container in pod.spec.containers if container.name == "base"]
    return found


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
    mounts = {mount.name: mount.mount_path for mount in container.volume_mounts}
    volumes = {volume.name: volume for volume in found.spec.volumes}
    assert mounts == {"retail": "/shop", "scratch": "/tmp"}
    assert volumes["retail"].persistent_volume_claim.claim_name == "shop" and volumes["scratch"].empty_dir
    assert found.spec.security_context.run_as_non_root and found.spec.automount_service_account_token is False
    assert pod_of(nodes["DataGate"]).spec.containers[0].resources.requests["cpu"] == "1"


def test_a_pod_is_what_the_standard_restricted_asks_for(tasks: Tasks) -> None:
    """Kubernetes' own list: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted."""
    pod = planned(tasks)
    for container in [*pod.spec.containers, *(pod.spec.init_containers or [])]:
        context = container.security_context
        assert context.allow_privilege_escalation is False and context.capabilities.drop == ["ALL"]
        assert context.read_only_root_filesystem is True and not context.capabilities.add
    assert pod.spec.security_context.run_as_non_root is True and pod.spec.security_context.run_as_user != 0
    assert pod.spec.security_context.seccomp_profile.type == "RuntimeDefault"
    allowed = {"config_map", "empty_dir", "persistent_volume_claim", "secret", "projected"}
    for volume in pod.spec.volumes:
        kinds = {name for name, value in volume.to_dict().items() if value is not None and name != "name"}
        assert kinds <= allowed
    assert not pod.spec.host_network and not pod.spec.host_pid and not pod.spec.host_ipc


def test_without_settings_of_a_cluster_there_is_nothing_of_them(tasks: Tasks) -> None:
    pod = planned(tasks)
    assert [(variable.name, variable.value) for variable in base_of(pod).env] == [("HOME", "/tmp")]
    assert not base_of(pod).env_from and not pod.spec.image_pull_secrets
    assert pod.spec.service_account_name is None


def test_what_a_cluster_decides_is_in_the_pod(
    monkeypatch: pytest.MonkeyPatch, description: Path, tmp_path: Path
) -> None:
    template = tmp_path / "pod.yaml"
    template.write_text(
        "apiVersion: v1\nkind: Pod\nspec:\n  nodeSelector: {pool: batch}\n  containers: [{name: base}]\n"
        "  tolerations: [{key: batch, operator: Exists, effect: NoSchedule}]\n"
    )
    pod = planned(configured(
        monkeypatch, description, SERVICE_ACCOUNT="retail-pipeline", PULL_SECRET="registry",
        ENVIRONMENT_SECRET="retail-database", CERTIFICATES="database-ca", STARTUP_TIMEOUT="77",
        POD_TEMPLATE=str(template),
    ))  # fmt: skip
    base = base_of(pod)
    assert pod.spec.service_account_name == "retail-pipeline"
    assert pod.spec.automount_service_account_token is False
    assert [reference.name for reference in pod.spec.image_pull_secrets] == ["registry"]
    assert [source.secret_ref.name for source in base.env_from] == ["retail-database"]
    variables = {variable.name: variable.value for variable in base.env}
    assert variables["PGSSLMODE"] == "verify-full"
    (mount,) = [mount for mount in base.volume_mounts if mount.name == "certificates"]
    assert variables["PGSSLROOTCERT"] == f"{mount.mount_path}/ca.crt" and mount.read_only
    assert pod.spec.node_selector == {"pool": "batch"} and pod.spec.tolerations[0].key == "batch"
    # What is laid over the template stays what the standard wants.
    assert pod.spec.security_context.seccomp_profile.type == "RuntimeDefault"
    assert base.image == NEEDED["IMAGE"] and base.command == ["retail-inventory"]


def test_a_pod_has_the_time_that_pulling_its_image_takes(
    monkeypatch: pytest.MonkeyPatch, description: Path
) -> None:
    with DAG("pods"):
        tasks = configured(monkeypatch, description, STARTUP_TIMEOUT="77")
        task = tasks.command("plan", ["python", "-m", "pipeline", "plan"], "Plans.")
    assert task.startup_timeout_seconds == 77


MINE: Mapping[str, object] = {"requests": {"cpu": "3", "memory": "9Gi"}, "limits": {"memory": "9Gi"}}


@pytest.mark.parametrize(
    ("given", "task", "heavy", "memory"),
    [({}, "plan", True, "4Gi"), ({}, "actuals", False, "2Gi"),
     ({"plan": MINE}, "plan", True, "9Gi"), ({"plan": MINE}, "Transform", True, "4Gi"),
     ({"heavy": MINE}, "Transform", True, "9Gi"), ({"heavy": MINE}, "actuals", False, "2Gi"),
     ({"default": MINE}, "actuals", False, "9Gi"), ({"default": MINE}, "Transform", True, "9Gi")],
)  # fmt: skip
def test_resources_are_the_tasks_or_its_kinds_or_ours(
    monkeypatch: pytest.MonkeyPatch, description: Path, given: object, task: str, heavy: bool, memory: str
) -> None:
    tasks = configured(monkeypatch, description, RESOURCES=json.dumps(given))
    resources = base_of(planned(tasks, task, heavy=heavy)).resources
    assert resources.requests["memory"] == resources.limits["memory"] == memory


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"plan": 4}', '{"plan": {"memory": "4Gi"}}', '{"plan": {"limits": "4Gi"}}']
)
def test_resources_that_are_none_are_refused(
    monkeypatch: pytest.MonkeyPatch, description: Path, text: str
) -> None:
    with pytest.raises(ValueError, match=r"\[retail\] resources = .*give one such as"):
        configured(monkeypatch, description, RESOURCES=text)


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
