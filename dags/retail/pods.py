"""A task as a pod of Kubernetes: the same command, in an image that holds the product."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from kubernetes.client import models as k8s

from retail.settings import PodSettings

_VOLUME, _SCRATCH, _CERTIFICATES = "retail", "scratch", "certificates"
_CERTIFICATES_PATH = "/etc/retail/certificates"
_LABELS = {"app.kubernetes.io/name": "retail-inventory", "app.kubernetes.io/component": "pipeline"}
"""What the chart's network policy knows pods of the pipeline by."""
_USER = 1000
"""Of the image."""


class RetailPodOperator(KubernetesPodOperator):
    """A pod whose exit codes mean what they mean for a process: final ones are not tried again.

    Args:
        final: exit codes that trying again does not change.
        skipped: exit codes of a command that found nothing to do; the task is skipped.
        tells: as of a process; what a pod prints is only in its log, so that events carry nothing of it.
        options: options that are left out where their value is empty; templated.
    """

    arguments: list[str]
    template_fields: Sequence[str] = (*KubernetesPodOperator.template_fields, "options")

    def __init__(
        self,
        *,
        final: Collection[int],
        skipped: Collection[int] = (),
        tells: bool = False,
        options: Mapping[str, str],
        **settings: Any,
    ) -> None:
        super().__init__(skip_on_exit_code=list(skipped), **settings)
        self.tells = tells
        self.final = final
        self.options = dict(options)

    def render_template_fields(self, context: Context, jinja_env: Any = None) -> None:
        """Fills in the templates, and only then knows which options have a value."""
        super().render_template_fields(context, jinja_env)
        given = [f"{name}={value}" for name, value in self.options.items() if value]
        self.arguments = [*self.arguments, *given]

    def cleanup(self, pod: k8s.V1Pod, remote_pod: k8s.V1Pod, *args: Any, **kwargs: Any) -> None:
        """Ends the pod's life, and fails for good where trying again is no help.

        Raises:
            AirflowFailException: the command was refused, or cannot be done as asked.
            AirflowException: it failed.
        """
        try:
            super().cleanup(pod, remote_pod, *args, **kwargs)
        except AirflowException as error:
            code = exit_code(remote_pod, self.base_container_name)
            if code in self.final:
                raise AirflowFailException(f"exit code {code}; the pod's log says why") from error
            raise


def exit_code(pod: k8s.V1Pod | None, container: str) -> int | None:
    """Of a container that has ended; None where it has not, or nothing is known."""
    for status in (pod.status.container_statuses or []) if pod and pod.status else []:
        if status.name == container and status.state and status.state.terminated:
            return int(status.state.terminated.exit_code)
    return None


def pod(
    line: list[str], options: Mapping[str, str], *, heavy: bool, settings: PodSettings, **common: Any
) -> RetailPodOperator:
    """A task that runs one command line in a pod, which the Pod Security Standard "restricted" accepts.

    Args:
        line: program and arguments; templated. The program is the image's own.
        options: options that are left out where their value is empty; templated.
        heavy: whether it uses more than one core for long.
        settings: of the cluster.
        common: further arguments of the operator.
    """
    return RetailPodOperator(
        image=settings.image,
        image_pull_secrets=_references(k8s.V1LocalObjectReference, settings.pull_secret),
        namespace=settings.namespace or None,
        service_account_name=settings.service_account or None,
        automount_service_account_token=False,
        name=f"retail-{common['task_id']}".lower().replace("_", "-"),
        labels=_LABELS,
        pod_template_file=settings.template or None,
        cmds=["retail-inventory"],
        arguments=line[3:],
        options=options,
        env_from=[
            k8s.V1EnvFromSource(secret_ref=reference)
            for reference in _references(k8s.V1SecretEnvSource, settings.environment_secret)
        ],
        env_vars=_variables(settings),
        volumes=_volumes(settings),
        volume_mounts=_mounts(settings),
        container_resources=_resources(common["task_id"], settings, heavy=heavy),
        security_context=k8s.V1PodSecurityContext(
            run_as_non_root=True,
            run_as_user=_USER,
            run_as_group=_USER,
            fs_group=_USER,
            # Else each pod would walk through the whole workspace before it starts.
            fs_group_change_policy="OnRootMismatch",
            seccomp_profile=k8s.V1SeccompProfile(type="RuntimeDefault"),
        ),
        container_security_context=k8s.V1SecurityContext(
            allow_privilege_escalation=False,
            read_only_root_filesystem=True,
            capabilities=k8s.V1Capabilities(drop=["ALL"]),
        ),
        startup_timeout_seconds=settings.startup_timeout,
        on_finish_action="delete_succeeded_pod",
        get_logs=True,
        **common,
    )


def _references(kind: type[Any], name: str) -> list[Any]:
    return [kind(name=name)] if name else []


def _variables(settings: PodSettings) -> list[k8s.V1EnvVar]:
    """Where to write what is nobody's, and by whose word to believe a database."""
    found = {"HOME": "/tmp"}  # noqa: S108 - a volume of the pod's own
    if settings.certificates:
        found |= {"PGSSLMODE": "verify-full", "PGSSLROOTCERT": f"{_CERTIFICATES_PATH}/ca.crt"}
    return [k8s.V1EnvVar(name=name, value=value) for name, value in found.items()]


def _volumes(settings: PodSettings) -> list[k8s.V1Volume]:
    claim = k8s.V1PersistentVolumeClaimVolumeSource(claim_name=settings.volume_claim)
    found = [
        k8s.V1Volume(name=_VOLUME, persistent_volume_claim=claim),
        k8s.V1Volume(name=_SCRATCH, empty_dir=k8s.V1EmptyDirVolumeSource()),
    ]
    if settings.certificates:
        source = k8s.V1ConfigMapVolumeSource(name=settings.certificates)
        found.append(k8s.V1Volume(name=_CERTIFICATES, config_map=source))
    return found


def _mounts(settings: PodSettings) -> list[k8s.V1VolumeMount]:
    found = [
        k8s.V1VolumeMount(name=_VOLUME, mount_path=settings.volume_path),
        k8s.V1VolumeMount(name=_SCRATCH, mount_path="/tmp"),  # noqa: S108 - as above
    ]
    if settings.certificates:
        found.append(k8s.V1VolumeMount(name=_CERTIFICATES, mount_path=_CERTIFICATES_PATH, read_only=True))
    return found


def _resources(task: str, settings: PodSettings, *, heavy: bool) -> k8s.V1ResourceRequirements:
    """The platform's for this task, or for its kind; else ours."""
    cores, memory = ("2", "4Gi") if heavy else ("1", "2Gi")
    ours = {"requests": {"cpu": cores, "memory": memory}, "limits": {"memory": memory}}
    given = settings.resources
    kind = given.get("heavy") if heavy else None
    chosen = given.get(task) or kind or given.get("default") or ours
    return k8s.V1ResourceRequirements(**chosen)
