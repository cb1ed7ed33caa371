"""The chart without a cluster: Helm, Kubernetes' schemas, and what our own rooms say of ports, options and codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from contracts.exit_codes import ExitCode
from pipeline.cli.app import app
from pipeline.config import Config
from pipeline.operations.ports import SERVING
from tests.deploy.kubernetes.chart import (
    CHART,
    VALUES,
    Manifest,
    called,
    helm,
    manifests,
    pod_templates,
    rendered,
    tool,
)
from tests.places import ROOT

NEEDED = ["serving.tokenSecret=t", "database.embedded=true"]


@pytest.fixture(scope="module", params=sorted(VALUES))
def values(request: pytest.FixtureRequest) -> Path:
    return VALUES[request.param]


@pytest.fixture(scope="module")
def text(values: Path) -> str:
    return rendered(values)


@pytest.fixture(scope="module")
def found(text: str) -> list[Manifest]:
    return manifests(text)


def test_helm_finds_nothing_to_blame(values: Path) -> None:
    done = called(helm(), "lint", "--strict", str(CHART), "--values", str(values))
    assert done.returncode == 0, done.stdout + done.stderr


def test_kubernetes_schemas_know_every_field(text: str, tmp_path: Path) -> None:
    path = tmp_path / "rendered.yaml"
    path.write_text(text)
    done = called(tool("kubernetes-validate"), "--strict", "--quiet", str(path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_field_that_is_none_would_be_found(tmp_path: Path) -> None:
    path = tmp_path / "rendered.yaml"
    path.write_text(rendered(VALUES["everything"]).replace("readinessProbe", "readinesProbe"))
    assert called(tool("kubernetes-validate"), "--strict", "--quiet", str(path)).returncode != 0


def test_every_pod_is_what_the_standard_restricted_asks_for(found: list[Manifest]) -> None:
    """Kubernetes' own list: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted."""
    for name, template in pod_templates(found):
        spec = template["spec"]
        of_pod = spec["securityContext"]
        assert of_pod["runAsNonRoot"] is True and of_pod["runAsUser"] > 0, name
        assert of_pod["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec), name
        for container in [*spec["containers"], *spec.get("initContainers", [])]:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert not any("hostPort" in port for port in container.get("ports", [])), name
        for volume in spec["volumes"]:
            kinds = set(volume) - {"name"}
            assert kinds <= {"configMap", "emptyDir", "persistentVolumeClaim", "secret"}, name


def test_every_pod_may_do_least(found: list[Manifest]) -> None:
    """A read-only root, no token of Kubernetes' API, an account of its own, and bounds."""
    accounts = {one["metadata"]["name"] for one in found if one["kind"] == "ServiceAccount"}
    for name, template in pod_templates(found):
        spec = template["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["serviceAccountName"] in accounts, name
        for container in spec["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True, name
            assert container["resources"]["requests"]["cpu"], name
            assert container["resources"]["limits"]["memory"], name


def test_only_airflows_account_gets_a_right_and_only_to_pods(found: list[Manifest]) -> None:
    roles = [one for one in found if one["kind"] in ("Role", "ClusterRole")]
    bindings = [one for one in found if one["kind"] in ("RoleBinding", "ClusterRoleBinding")]
    for role in roles:
        assert role["kind"] == "Role"
        granted = {resource for rule in role["rules"] for resource in rule["resources"]}
        assert granted == {"pods", "pods/log", "events"}
    for binding in bindings:
        assert binding["kind"] == "RoleBinding"
        assert [subject["name"] for subject in binding["subjects"]] == ["airflow-worker"]
    assert len(roles) == len(bindings)


def test_every_selector_finds_its_own_pods_and_no_others(found: list[Manifest]) -> None:
    labels = {name: template["metadata"]["labels"] for name, template in pod_templates(found)}
    for manifest in found:
        if manifest["kind"] not in ("Deployment", "Service", "PodDisruptionBudget"):
            continue
        selector = manifest["spec"]["selector"]
        wanted = selector.get("matchLabels", selector)
        chosen = [name for name, of in labels.items() if wanted.items() <= of.items()]
        assert chosen == [f"Deployment/{manifest['metadata']['name']}"]


def test_whatever_is_mounted_is_a_volume_and_whatever_is_named_is_mounted(found: list[Manifest]) -> None:
    for name, template in pod_templates(found):
        spec = template["spec"]
        volumes = {volume["name"] for volume in spec["volumes"]}
        for container in spec["containers"]:
            mounts = container["volumeMounts"]
            assert {mount["name"] for mount in mounts} == volumes, name
            paths = [mount["mountPath"] for mount in mounts]
            given = [one.partition("=")[2] for one in container["args"] if "=/" in one]
            given += [one["value"] for one in container["env"]] if "env" in container else []
            for path in filter(lambda one: one.startswith("/"), given):
                assert any(path == mount or path.startswith(f"{mount}/") for mount in paths), (name, path)


def test_every_command_is_one_of_ours_with_options_that_it_has(found: list[Manifest]) -> None:
    group: Any = typer.main.get_command(app)
    seen = set()
    for _, template in pod_templates(found):
        for container in template["spec"]["containers"]:
            if container["command"] == ["retail-inventory"]:
                name, *options = container["args"]
                group.commands[name].make_context(name, list(options))
                seen.add(name)
    assert seen >= {"serve"}


def test_final_exit_codes_end_a_job_and_no_others(found: list[Manifest]) -> None:
    for manifest in found:
        if manifest["kind"] == "CronJob":
            job = manifest["spec"]["jobTemplate"]["spec"]
            first = job["podFailurePolicy"]["rules"][0]
            assert first["action"] == "FailJob" and first["onExitCodes"]["operator"] == "In"
            assert set(first["onExitCodes"]["values"]) == {ExitCode.USAGE, ExitCode.REFUSED}
            assert job["template"]["spec"]["restartPolicy"] == "Never" and job["backoffLimit"] > 0


def test_the_service_is_asked_where_it_listens_and_is_ready_with_a_pair(found: list[Manifest]) -> None:
    (deployment,) = [one for one in found if one["metadata"]["name"].endswith("-serving") and
                     one["kind"] == "Deployment" and "tensorflow" not in one["metadata"]["name"]]  # fmt: skip
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["ports"] == [{"name": "http", "containerPort": SERVING.number}]
    assert f"--port={SERVING.number}" in container["args"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    assert "pulled" in mounts or mounts["workspace"]["readOnly"] is True


def test_nobody_may_talk_to_anybody_unless_it_is_said(found: list[Manifest]) -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in found if one["kind"] == "NetworkPolicy"}
    deny = policies.pop("shop-retail-inventory-deny")
    assert set(deny["policyTypes"]) == {"Ingress", "Egress"} and not {"ingress", "egress"} & set(deny)
    for name, template in pod_templates(found):
        wanted = deny["podSelector"]["matchLabels"]
        assert wanted.items() <= template["metadata"]["labels"].items(), name
    assert "ingress" not in policies["shop-retail-inventory-pipeline"]


def test_pods_of_airflow_fall_under_the_same_policies(found: list[Manifest]) -> None:
    source = (ROOT / "dags" / "retail" / "pods.py").read_text()
    (pipeline,) = [
        one
        for one in found
        if one["kind"] == "NetworkPolicy" and one["metadata"]["name"].endswith("-pipeline")
    ]
    for name, value in pipeline["spec"]["podSelector"]["matchLabels"].items():
        assert f'"{name}": "{value}"' in source


def test_the_configuration_is_one_that_the_product_takes(found: list[Manifest]) -> None:
    (made,) = [one for one in found if one["kind"] == "ConfigMap"]
    Config.model_validate(yaml.safe_load(made["data"]["configuration.yaml"]))


def test_stages_of_more_than_one_machine_check_who_their_database_is() -> None:
    for name in ("staging", "production"):
        values = yaml.safe_load(VALUES[name].read_text())
        assert values["database"]["certificates"] and "sslMode" not in values["database"]
    for _, template in pod_templates(manifests(rendered(VALUES["staging"]))):
        for container in template["spec"]["containers"]:
            if container["args"][0] != "serve":
                variables = {one["name"]: one["value"] for one in container["env"]}
                assert variables["PGSSLMODE"] == "verify-full"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ([], "name the PostgreSQL database"),
        (["database.embedded=true"], "serving.tokenSecret: name the Secret"),
        ([*NEEDED, "configuration.database_url=postgresql://d/r"], "give one of the two"),
        (["serving.tokenSecret=t", "configuration.database_url=postgresql://d/r"], "name the ConfigMap whose ca.crt"),
        ([*NEEDED, "ingress.host=f.example.com"], "there is no plain way in"),
        ([*NEEDED, "serving.autoscaling.minimum=0"], "at '/serving/autoscaling/minimum'"),
        ([*NEEDED, "serving.replicas=3"], "additional properties 'replicas' not allowed"),
        ([*NEEDED, "jobs.retrain.enabled=true"], "additional properties 'retrain' not allowed"),
        ([*NEEDED, "workspace.accessMode=ReadOnlyMany"], "at '/workspace/accessMode'"),
        ([*NEEDED, "workspace.size=20"], "at '/workspace/size'"),
        ([*NEEDED, "image.digest=sha256:1"], "at '/image/digest'"),
        ([*NEEDED, "pod.user=0"], "at '/pod/user'"),
        ([*NEEDED, "serving.source.endpoint=http://o.example.com"], "at '/serving/source/endpoint'"),
        ([*NEEDED, "serving.source.address=gs://b/p"], "at '/serving/source/address'"),
        ([*NEEDED, "environment.lower=x"], "'lower' does not match pattern"),
    ],
)  # fmt: skip
def test_values_that_cannot_be_used_are_named(settings: list[str], said: str) -> None:
    more = [part for setting in settings for part in ("--set", setting)]
    done = called(helm(), "template", "shop", str(CHART), *more)
    assert done.returncode != 0 and said in done.stderr, done.stderr


def test_the_schema_knows_every_value_and_says_what_it_is() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())

    def compare(given: dict[str, Any], of: dict[str, Any], where: str) -> None:
        assert set(given) == set(of["properties"]) - {"global"}, where
        for name, part in of["properties"].items():
            assert part.get("description") or "$ref" in part, f"{where}.{name}"
            if "properties" in part:
                compare(given[name], part, f"{where}.{name}")

    compare(yaml.safe_load((CHART / "values.yaml").read_text()), schema, "values")


def test_the_chart_is_of_the_products_version() -> None:
    version = next(
        line.split('"')[1]
        for line in (ROOT / "pyproject.toml").read_text().splitlines()
        if line.startswith("version")
    )
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == version


def test_a_service_that_follows_a_store_needs_no_volume_and_only_it_has_the_readers_keys() -> None:
    templates = dict(pod_templates(manifests(rendered(VALUES["following"]))))
    serving = templates.pop("Deployment/shop-retail-inventory-serving")["spec"]
    assert not any("persistentVolumeClaim" in volume for volume in serving["volumes"])
    (container,) = serving["containers"]
    assert container["envFrom"] == [{"secretRef": {"name": "retail-reader"}}]
    given = dict(argument.split("=", 1) for argument in container["args"] if "=" in argument)
    assert given["--source"] == "s3://shop-models/pairs" and given["--workspace"].startswith("/pulled/")
    assert templates and "retail-reader" not in json.dumps(templates)


@pytest.mark.parametrize(("settings", "scheme"), [(["serving.tlsSecret=t"], "HTTPS"), ([], "HTTP")])
def test_kubernetes_asks_the_service_as_it_listens(settings: list[str], scheme: str) -> None:
    found = manifests(rendered(VALUES["development"], settings))
    (template,) = (template for name, template in pod_templates(found) if name.endswith("-serving"))
    spec = template["spec"]
    (container,) = spec["containers"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"].get("scheme", "HTTP") == scheme
    places = {mount["mountPath"] for mount in container["volumeMounts"]}
    files = [argument.partition("=")[2] for argument in container["args"] if argument.startswith("--tls-")]
    assert len(files) == (2 if scheme == "HTTPS" else 0)
    # As Kubernetes calls them in a Secret of its type tls, where the Secret is mounted.
    assert {str(Path(file).parent) for file in files} <= places
    assert [Path(file).name for file in files] == ["tls.crt", "tls.key"][: len(files)]
