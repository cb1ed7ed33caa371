"""The operator with real processes."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from retail.callbacks import FILE, tell
from retail.operator import LinesLink, RetailOperator
from retail.runs import run_id_of, why

MOMENT = datetime(2026, 3, 7, 2, 0, tzinfo=timezone.utc)


def operator(code: str, **options: Any) -> RetailOperator:
    final = {2: "cannot be done as asked", 3: "refused"}
    return RetailOperator(task_id="t", command=[sys.executable, "-c", code], final=final, **options)


def test_the_last_line_is_the_result() -> None:
    assert operator("print('first'); print('last')").execute({}) == "last"


@pytest.mark.parametrize("code", [2, 3])
def test_what_trying_again_does_not_change_fails_for_good(code: int) -> None:
    with pytest.raises(AirflowFailException, match="too many faults"):
        operator(f"import sys; print('too many faults'); sys.exit({code})").execute({})


def test_a_command_that_found_nothing_to_do_skips_its_task() -> None:
    with pytest.raises(AirflowSkipException, match="nothing is due: not yet"):
        operator("import sys; print('not yet'); sys.exit(4)", skipped={4: "nothing is due"}).execute({})


def test_the_events_of_a_task_that_tells_carry_its_last_line() -> None:
    asset, event = object(), SimpleNamespace(extra={})
    told = operator("print('first'); print('{\"said\": \"it drifts\"}')", tells=True)
    told.outlets = [asset]
    told.execute({"outlet_events": {asset: event}})
    assert event.extra == {"said": "it drifts"}


@pytest.mark.parametrize(
    ("kind", "extras", "asked", "said"),
    [
        ("scheduled", (), "", "by schedule"),
        ("manual", (), "", "by hand"),
        ("manual", (), "new assortment", "by hand: new assortment"),
        ("asset_triggered", ({"said": "bias"}, {"said": "bias"}, {"reason": "kim"}), "", "bias; kim"),
        ("asset_triggered", ({"from_rest_api": True},), "", "an event that says no reason"),
        ("asset_triggered", ({"said": "x" * 5000},), "", "x" * 1000),
    ],
)
def test_why_a_run_runs(kind: str, extras: tuple[dict[str, Any], ...], asked: str, said: str) -> None:
    events = {"asset": [SimpleNamespace(extra=extra) for extra in extras]} if extras else {}
    assert why(SimpleNamespace(run_id="r", run_after=MOMENT, run_type=kind), events, asked) == said


def test_anything_else_may_be_tried_again() -> None:
    with pytest.raises(AirflowException) as caught:
        operator("import sys; sys.exit(1)").execute({})
    assert not isinstance(caught.value, AirflowFailException)


def test_airflows_secrets_do_not_reach_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET", "SOME_TOKEN", "PYTHONPATH"):
        monkeypatch.setenv(name, "secret")
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    seen = json.loads(operator("import json, os; print(json.dumps(dict(os.environ)))").execute({}))
    assert "secret" not in seen.values() and "PATH" in seen
    assert set(seen) <= {"HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "PGPASSFILE", "TMPDIR", "TZ"}


def test_where_lines_are_collected_reaches_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318")
    code = "import os; print(os.environ['OTEL_EXPORTER_OTLP_ENDPOINT'])"
    assert operator(code).execute({}) == "http://collector:4318"


def test_a_task_links_to_its_lines_where_there_is_a_store_of_them() -> None:
    dag_run = SimpleNamespace(run_id="manual", run_after=MOMENT)
    task = SimpleNamespace(get_template_context=lambda: {"dag_run": dag_run})
    named = operator("", lines_url="http://logs/?query=run_id:%3D{run}+node:%3D{node}")
    expected = f"http://logs/?query=run_id:%3D{run_id_of(dag_run)}+node:%3Dt"
    assert LinesLink().get_link(named, ti_key=task) == expected
    assert LinesLink().get_link(operator(""), ti_key=task) == ""


def test_an_option_without_a_value_is_left_out() -> None:
    options = {"--as-of": "", "--reason": "two words"}
    assert (
        operator("import sys; print(sys.argv[1:])", options=options).execute({})
        == "['--reason', 'two words']"
    )


def test_a_kill_reaches_everything_that_the_command_started(tmp_path: Path) -> None:
    code = f"""
import os, pathlib, subprocess, time
child = subprocess.Popen(['sleep', '60'])
pathlib.Path({str(tmp_path / "pid")!r}).write_text(f'{{os.getpid()}} {{child.pid}}')
time.sleep(60)
"""
    task = operator(code)
    thread = threading.Thread(target=_ends_badly, args=(task,))
    thread.start()
    deadline = time.monotonic() + 20
    while not (tmp_path / "pid").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.2)
    task.on_kill()
    thread.join(20)
    assert not thread.is_alive()
    for pid in map(int, (tmp_path / "pid").read_text().split()):
        for _ in range(100):
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                break
            if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                break
            time.sleep(0.05)
        else:
            os.kill(pid, signal.SIGKILL)
            pytest.fail("a process outlived the kill")


def _ends_badly(task: RetailOperator) -> None:
    with pytest.raises(AirflowException):
        task.execute({})


def test_a_run_has_one_id_that_the_product_takes() -> None:
    manual, scheduled = (
        SimpleNamespace(run_id=name, run_after=MOMENT) for name in ("manual__1", "scheduled__1")
    )
    assert run_id_of(manual) == run_id_of(manual) != run_id_of(scheduled)
    assert run_id_of(manual).startswith("20260307T020000Z-")


def test_a_failure_is_told_in_the_workspace_and_a_deaf_webhook_does_not_matter(tmp_path: Path) -> None:
    context = {
        "task_instance": SimpleNamespace(dag_id="training", task_id="DataGate", try_number=1),
        "dag_run": SimpleNamespace(run_id="manual__1", run_after=MOMENT),
        "exception": AirflowFailException("refused: unit_price changed its kind"),
    }
    tell(str(tmp_path), "http://127.0.0.1:9/nobody")(context)
    tell(str(tmp_path), "")(context)
    lines = [json.loads(line) for line in (tmp_path / FILE).read_text().splitlines()]
    assert [line["reason"] for line in lines] == ["refused: unit_price changed its kind"] * 2
    assert (lines[0]["dag"], lines[0]["task"]) == ("training", "DataGate")
