"""What the API server takes: every manifest of the chart, and the DAGs' pods, under "restricted" with least rights."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator

import pytest

from pipeline.running.orchestration import FINAL
from tests.deploy.cluster.conftest import NAMESPACE
from tests.deploy.cluster.control_plane import Cluster
from tests.deploy.kubernetes.chart import VALUES, Manifest, manifests, pod_templates, rendered
from tests.places import ROOT

AIRFLOW = ROOT / ".venv-airflow" / "bin" / "python"
WORKER = "--as=system:serviceaccount:airflow:airflow-worker"
THERE = f"--namespace={NAMESPACE}"
DRY = ("create", "--dry-run=server", "--filename=-", THERE)


def pod(spec: dict[str, object], name: str) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})


def give_accounts(cluster: Cluster, found: list[Manifest]) -> None:
    """What a pod runs as has to be there before it."""
    accounts = [json.dumps(one) for one in found if one["kind"] == "ServiceAccount"]
    cluster.done("apply", "--filename=-", THERE, given="\n---\n".join(accounts))


@pytest.mark.parametrize("name", sorted(VALUES))
def test_every_manifest_is_accepted_without_a_warning(cluster: Cluster, name: str) -> None:
    done = cluster.kubectl(
        "apply", "--server-side", "--dry-run=server", "--filename=-", THERE, given=rendered(VALUES[name])
    )
    assert done.returncode == 0 and "arning" not in done.stderr, done.stderr
    assert len(done.stdout.splitlines()) == len(manifests(rendered(VALUES[name])))


@pytest.mark.parametrize("name", sorted(VALUES))
def test_every_pod_that_it_would_make_is_accepted(cluster: Cluster, name: str) -> None:
    found = manifests(rendered(VALUES[name]))
    give_accounts(cluster, found)
    made = list(pod_templates(found))
    for owner, template in made:
        given = pod(template["spec"], owner.rpartition("/")[2])
        done = cluster.kubectl(*DRY, given=given)
        assert done.returncode == 0, (owner, done.stderr)
    assert made


@pytest.mark.parametrize(
    ("taken", "said"),
    [
        (("securityContext", "seccompProfile"), "seccompProfile"),
        (("securityContext", "runAsNonRoot"), "runAsNonRoot"),
    ],
)
def test_a_pod_without_a_part_of_it_would_be_refused(
    cluster: Cluster, taken: tuple[str, str], said: str
) -> None:
    found = manifests(rendered(VALUES["staging"]))
    give_accounts(cluster, found)
    owner, template = next(iter(pod_templates(found)))
    del template["spec"][taken[0]][taken[1]]
    done = cluster.kubectl(*DRY, given=pod(template["spec"], "refused"))
    assert done.returncode != 0 and "restricted" in done.stderr and said in done.stderr, owner


@pytest.fixture(scope="module")
def task_pod(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The pod of a task, as Airflow renders it."""
    if not AIRFLOW.exists():
        pytest.skip("there is no Airflow; make airflow-setup installs it")
    folder = tmp_path_factory.mktemp("airflow")
    description = folder / "pipeline.json"
    description.write_text(json.dumps({
        "program": ["python", "-m", "pipeline"], "data": "/shop/data", "workspace": "/shop/workspace", "config": None,
        "final_exit_codes": {}, "skipped_exit_codes": {}, "gate": "", "challengers": False, "nodes": [],
    }))  # fmt: skip
    told = {
        "DESCRIPTION": str(description), "RUNNER": "kubernetes", "IMAGE": "registry.example.com/retail:1",
        "NAMESPACE": NAMESPACE, "VOLUME_CLAIM": "shop", "VOLUME_PATH": "/shop", "PULL_SECRET": "registry",
        "SERVICE_ACCOUNT": "shop-retail-inventory-pipeline", "ENVIRONMENT_SECRET": "retail-database",
        "CERTIFICATES": "retail-database-ca",
    }  # fmt: skip
    environment = {
        **os.environ, "AIRFLOW_HOME": str(folder), "PYTHONPATH": str(ROOT / "dags"),
        **{f"AIRFLOW__RETAIL__{name}": value for name, value in told.items()},
    }  # fmt: skip
    script = ROOT / "tests" / "dags" / "render_pod.py"
    made = folder / "pod.json"
    done = subprocess.run(
        [str(AIRFLOW), str(script), str(made)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return made.read_text()


@pytest.fixture(scope="module")
def everything(cluster: Cluster) -> Iterator[Cluster]:
    """With every option of the chart installed, for as long as this module lasts."""
    cluster.done("apply", "--filename=-", THERE, given=rendered(VALUES["everything"]))
    yield cluster
    # Whether volumes and pods are gone already is no matter here.
    cluster.done("delete", "--wait=false", "--filename=-", THERE, given=rendered(VALUES["everything"]))


def test_airflows_workers_may_make_the_pods_of_our_dags(everything: Cluster, task_pod: str) -> None:
    done = everything.kubectl(*DRY, WORKER, given=task_pod)
    assert done.returncode == 0 and "arning" not in done.stderr, done.stderr


RIGHTS = {
    ("airflow:airflow-worker", "create", "pods"): True,
    ("airflow:airflow-worker", "delete", "pods"): True,
    ("airflow:airflow-worker", "watch", "pods"): True,
    ("airflow:airflow-worker", "get", "pods/log"): True,
    ("airflow:airflow-worker", "list", "events"): True,
    ("airflow:airflow-worker", "create", "pods/exec"): False,
    ("airflow:airflow-worker", "get", "secrets"): False,
    ("airflow:airflow-worker", "list", "configmaps"): False,
    ("airflow:airflow-worker", "patch", "deployments.apps"): False,
    ("airflow:airflow-worker", "create", "jobs.batch"): False,
    ("airflow:airflow-worker", "create", "rolebindings.rbac.authorization.k8s.io"): False,
    ("airflow:default", "create", "pods"): False,
    **{
        (f"retail:shop-retail-inventory-{component}", verb, resource): False
        for component in ("pipeline", "serving", "tensorflow-serving")
        for verb, resource in (("get", "pods"), ("create", "pods"), ("get", "secrets"), ("get", "configmaps"))
    },
}
"""By account, verb and resource whether the chart allows it in its namespace."""


def test_each_account_may_do_what_it_needs_and_nothing_else(everything: Cluster) -> None:
    for (account, verb, resource), allowed in RIGHTS.items():
        kind, _, part = resource.partition("/")
        asks = ["auth", "can-i", verb, kind, f"--as=system:serviceaccount:{account}", f"--subresource={part}"]
        said = everything.kubectl(*asks, THERE).stdout.strip()
        assert said == ("yes" if allowed else "no"), (account, verb, resource)
        # Nor anything anywhere else.
        assert everything.kubectl(*asks, "--namespace=default").stdout.strip() == "no", (
            account,
            verb,
            resource,
        )


@pytest.mark.parametrize("code", [1, 2, 3])
def test_a_job_ends_at_once_where_trying_again_is_no_help(cluster: Cluster, code: int) -> None:
    values = rendered(VALUES["development"], ["pod.nodeSelector.nowhere=yes"])
    (cron,) = [one for one in manifests(values) if one["kind"] == "CronJob"]
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": f"ends-{code}", "namespace": NAMESPACE},
    }
    give_accounts(cluster, manifests(values))
    cluster.apply({**job, "spec": cron["spec"]["jobTemplate"]["spec"]})
    of_job = (THERE, f"--selector=job-name=ends-{code}")
    cluster.done("wait", "--for=create", "pod", *of_job, "--timeout=60s")
    (made,) = cluster.get("pods", *of_job)["items"]
    # No node of flesh and blood runs it: what a kubelet would report is reported for it.
    ended = {"name": "retail", "image": "i", "imageID": "i", "ready": False, "restartCount": 0,
             "state": {"terminated": {"exitCode": code, "reason": "Error"}}}  # fmt: skip
    status = json.dumps({"status": {"phase": "Failed", "containerStatuses": [ended]}})
    cluster.done("patch", "pod", made["metadata"]["name"], THERE, "--subresource=status",
                 "--type=merge", f"--patch={status}")  # fmt: skip
    name = ("job", f"ends-{code}", THERE)
    if code in {int(final) for final in FINAL}:
        cluster.done("wait", "--for=condition=Failed", *name, "--timeout=60s")
        (condition,) = [one for one in cluster.get(*name)["status"]["conditions"] if one["type"] == "Failed"]
        assert condition["reason"] == "PodFailurePolicy" and f"exit code {code}" in condition["message"]
    else:
        cluster.done("wait", "--for=jsonpath={.status.failed}=1", *name, "--timeout=60s")
        assert "conditions" not in cluster.get(*name)["status"]
    cluster.done("delete", *name)
