"""A task as a pod of Kubernetes: the same command, in an image that holds the product."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from kubernetes.client import models as k8s

from retail.settings import Settings

_VOLUME = "retail"


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
    line: list[str], options: Mapping[str, str], *, heavy: bool, settings: Settings, **common: Any
) -> RetailPodOperator:
    """A task that runs one command line in a pod.

    Args:
        line: program and arguments; templated. The program is the image's own.
        options: options that are left out where their value is empty; templated.
        heavy: whether it uses more than one core for long.
        settings: of the platform.
        common: further arguments of the operator.
    """
    cores = "2" if heavy else "1"
    memory = "4Gi" if heavy else "2Gi"
    return RetailPodOperator(
        image=settings.image,
        namespace=settings.namespace or None,
        name=f"retail-{common['task_id']}".lower().replace("_", "-"),
        cmds=["retail-inventory"],
        arguments=line[3:],
        options=options,
        volumes=[
            k8s.V1Volume(
                name=_VOLUME,
                persistent_volume_claim=k8s.V1PersistentVolumeClaimVolumeSource(
                    claim_name=settings.volume_claim
                ),
            )
        ],
        volume_mounts=[k8s.V1VolumeMount(name=_VOLUME, mount_path=settings.volume_path)],
        container_resources=k8s.V1ResourceRequirements(
            requests={"cpu": cores, "memory": memory}, limits={"memory": memory}
        ),
        security_context=k8s.V1PodSecurityContext(run_as_non_root=True, fs_group=1000, run_as_user=1000),
        container_security_context=k8s.V1SecurityContext(
            allow_privilege_escalation=False, capabilities=k8s.V1Capabilities(drop=["ALL"])
        ),
        automount_service_account_token=False,
        on_finish_action="delete_succeeded_pod",
        get_logs=True,
        **common,
    )
