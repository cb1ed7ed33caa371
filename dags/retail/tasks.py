"""Makes tasks: processes of this machine, or pods of Kubernetes; one place knows which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator, TaskGroup

from retail.callbacks import tell
from retail.description import Description, Node
from retail.operator import RetailOperator
from retail.settings import Settings

POOL = "retail"
"""Has as many slots as the machine has cores; a heavy node takes two, so that no two of them run side by side."""
NOT_AT_ONCE = timedelta(0)
"""Of a timetable: a DAG that is switched on waits for its next time, and does not make up for the last one."""
RUN = "{{ retail_run(dag_run) }}"
_GROUPS = {
    "data": "Reads the files, and judges them: a bad batch ends here.",
    "windows": "Cuts windows of the rows, and fits the one transform graph.",
    "models": "Trains both models on it.",
    "judgement": "Holds both against plain methods and the pair that serves: blessed together, or neither.",
    "serving": "Pushes the blessed pair, and writes all metrics to the store.",
}


def defaults(description: Description, settings: Settings) -> dict[str, Any]:
    """Arguments of every task."""
    return {
        "retries": 2,
        "retry_delay": timedelta(seconds=settings.retry_delay),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=10),
        "execution_timeout": timedelta(hours=2),
        "on_failure_callback": tell(description.workspace, settings.webhook),
        "pool": POOL,
    }


class Tasks:
    """Makes the tasks of one DAG."""

    def __init__(self, description: Description, settings: Settings) -> None:
        """Args: description: of the pipeline. settings: of the platform."""
        self._description = description
        self._settings = settings

    def command(
        self,
        task_id: str,
        line: list[str],
        doc: str,
        *,
        options: Mapping[str, str] | None = None,
        heavy: bool = False,
        **more: Any,
    ) -> BaseOperator:
        """A task that runs one command line.

        Args:
            line: program and arguments; templated.
            doc: shown with the task.
            options: options that are left out where their value is empty; templated.
            heavy: whether it uses more than one core for long.
            more: further arguments of the operator.
        """
        common: dict[str, Any] = {
            "task_id": task_id,
            "doc_md": doc,
            "pool_slots": 2 if heavy else 1,
            "final": self._description.final_exit_codes,
            "skipped": self._description.skipped_exit_codes,
            **more,
        }
        if self._settings.pods is not None:
            # Only where it is wanted: the import takes longer than all else here.
            from retail.pods import pod

            return pod(line, options or {}, heavy=heavy, settings=self._settings.pods, **common)
        return RetailOperator(
            command=line,
            options=options,
            reports_url=self._settings.reports_url,
            lines_url=self._settings.lines_url,
            **common,
        )

    def nodes(self, nodes: Iterable[Node]) -> list[BaseOperator]:
        """A task for each node, in task groups, after the tasks of the nodes that it depends on."""
        groups: dict[str, TaskGroup] = {}
        made: dict[str, BaseOperator] = {}
        for node in nodes:
            if node.group not in groups:
                tooltip = _GROUPS.get(node.group, "")
                groups[node.group] = TaskGroup(node.group, tooltip=tooltip, prefix_group_id=False)
            made[node.id] = self.command(
                node.id,
                self._description.command("run-node", "--run", RUN, "--node", node.id),
                f"The TFX node `{node.id}` of this run. After a kill it is simply tried again.",
                heavy=node.heavy,
                task_group=groups[node.group],
            )
            made[node.id].set_upstream([made[before] for before in node.upstream if before in made])
        return list(made.values())
