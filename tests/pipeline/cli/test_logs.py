"""Which collector the environment names."""

from __future__ import annotations

import pytest

from pipeline.cli.logs import read_collector


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"ENDPOINT": "  "}, None),
        ({"ENDPOINT": "http://c:4318/"}, ("http://c:4318/v1/logs", "http://c:4318/v1/traces")),
        ({"LOGS_ENDPOINT": "http://v/insert/logs"}, ("http://v/insert/logs", "")),
        (
            {"ENDPOINT": "http://c:4318", "TRACES_ENDPOINT": "http://t/x"},
            ("http://c:4318/v1/logs", "http://t/x"),
        ),
    ],
)
def test_the_collector_is_the_one_of_opentelemetrys_variables(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], expected: tuple[str, str] | None
) -> None:
    for name in ("ENDPOINT", "LOGS_ENDPOINT", "TRACES_ENDPOINT"):
        monkeypatch.delenv(f"OTEL_EXPORTER_OTLP_{name}", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(f"OTEL_EXPORTER_OTLP_{name}", value)
    found = read_collector()
    assert (found and (found.logs, found.traces)) == expected


def test_what_is_switched_off_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    found = read_collector()
    assert found is not None and (found.logs, found.traces) == ("http://c:4318/v1/logs", "")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert read_collector() is None
