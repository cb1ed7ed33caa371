"""One command of the product as a task: no shell, a clean environment, and exit codes that say what to try again."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from airflow.providers.standard.hooks.subprocess import SubprocessHook
from airflow.sdk import BaseOperator, BaseOperatorLink, Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from retail.runs import run_id_of

_KEPT = ("HOME", "LANG", "LC_ALL", "PATH", "PGPASSFILE", "TMPDIR", "TZ")
_OF_COLLECTORS = "OTEL_"


def environment_of(mine: Mapping[str, str]) -> dict[str, str]:
    """What a command needs of this process's environment; Airflow's secrets are none of its business."""
    return {name: value for name, value in mine.items() if name in _KEPT or name.startswith(_OF_COLLECTORS)}


class ReportLink(BaseOperatorLink):
    """From a task to the page of its run."""

    name = "Report"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:
        """The page's address; empty where the platform serves no reports."""
        base = getattr(operator, "reports_url", "")
        dag_run = ti_key.get_template_context()["dag_run"]
        return f"{base.rstrip('/')}/{run_id_of(dag_run)}/index.html" if base else ""


class LinesLink(BaseOperatorLink):
    """From a task to its lines in a store of logs."""

    name = "Lines"

    def get_link(self, operator: BaseOperator, *, ti_key: Any) -> str:
        """The query's address; empty where the platform has no such store."""
        address: str = getattr(operator, "lines_url", "")
        run_id = run_id_of(ti_key.get_template_context()["dag_run"])
        return address.replace("{run}", quote(run_id)).replace("{node}", quote(operator.task_id))


class RetailOperator(BaseOperator):
    """Runs one command line.

    Exit code 0 succeeds; one of those that skip skips the task, so that its assets get no event; a final one fails for
    good, since the same call would end the same way; any other fails and is tried again. What the command prints is in
    the task's log; its last line is the reason, and the task's result.

    Args:
        command: program and arguments; templated.
        final: exit codes that trying again does not change, and what they say.
        skipped: exit codes of a command that found nothing to do, and what they say.
        tells: the last line is JSON, which the events of the task's assets carry.
        options: options that are left out where their value is empty; templated.
        reports_url: where the pages of runs are served.
        lines_url: a query of a store of logs, with ``{run}`` and ``{node}`` in it.
    """

    template_fields: Sequence[str] = ("command", "options")
    operator_extra_links = (ReportLink(), LinesLink())
    ui_color = "#e8f0e4"

    def __init__(
        self,
        *,
        command: Sequence[str],
        final: Mapping[int, str],
        skipped: Mapping[int, str] | None = None,
        tells: bool = False,
        options: Mapping[str, str] | None = None,
        reports_url: str = "",
        lines_url: str = "",
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.command = list(command)
        self.final = final
        self.skipped = dict(skipped or {})
        self.tells = tells
        self.options = dict(options or {})
        self.reports_url = reports_url
        self.lines_url = lines_url
        self._hook: SubprocessHook | None = None

    def execute(self, context: Context) -> str:
        """Runs it; returns the last line that it printed.

        Raises:
            AirflowSkipException: there was nothing to do.
            AirflowFailException: it was refused, or cannot be done as asked.
            AirflowException: it failed.
        """
        given = [part for name, value in self.options.items() if value for part in (name, value)]
        self._hook = SubprocessHook()
        result = self._hook.run_command([*self.command, *given], env=environment_of(os.environ))
        if result.exit_code in self.skipped:
            raise AirflowSkipException(f"{self.skipped[result.exit_code]}: {result.output}")
        if result.exit_code in self.final:
            raise AirflowFailException(f"{self.final[result.exit_code]}: {result.output}")
        if result.exit_code != 0:
            raise AirflowException(f"exit code {result.exit_code}: {result.output}")
        if self.tells:
            for asset in self.outlets:
                context["outlet_events"][asset].extra = json.loads(result.output)
        return str(result.output)

    def on_kill(self) -> None:
        """Ends the command with everything that it started."""
        if self._hook is not None:
            self._hook.send_sigterm()
