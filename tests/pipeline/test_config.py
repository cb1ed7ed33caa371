"""The configuration: what is accepted, and how what is not is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.errors import UserError
from pipeline.config import Config, load_config


def write(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text)
    return path


def test_without_a_file_the_defaults_stand() -> None:
    assert load_config(None) == Config()


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, "")) == Config()


def test_settings_reach_their_section(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, "windows: {horizon: 21}\ndata: {lead_time: 2}\nworkers: 1\n"))
    assert (config.windows.horizon, config.data.lead_time, config.workers) == (21, 2, 1)
    assert config.windows.history == Config().windows.history


def test_weekly_data_have_defaults_of_their_own(tmp_path: Path) -> None:
    weekly = load_config(write(tmp_path, "data: {frequency: W}\nwindows: {recent: 3}\n"))
    assert (weekly.windows.review_period, weekly.windows.season, weekly.windows.recent) == (1, 52, 3)
    assert Config().windows.review_period == 7


def test_every_wrong_setting_is_named_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "windows: {horizn: 3, history: 0}\nworkers: many\n")
    with pytest.raises(UserError) as caught:
        load_config(path)
    message = str(caught.value)
    assert "3 setting(s)" in message
    for name in ("windows.horizn", "windows.history", "workers"):
        assert name in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n- b\n", "holds list, expected sections"),
        ("a: [1", "is no YAML"),
        ("windows: {horizon: 4, test_periods: 9, eval_periods: 9}\n", "raise the horizon"),
    ],
)
def test_unusable_files_are_told(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load_config(write(tmp_path, text))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        load_config(tmp_path / "none.yaml")


def test_a_schema_is_found_beside_its_configuration(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, "schema_file: mine.pbtxt\n"))
    assert config.schema_file == tmp_path / "mine.pbtxt"


def test_shipped_configurations_are_valid() -> None:
    files = list((Path(__file__).parents[2] / "benchmarks").glob("*.yaml"))
    assert files
    for path in files:
        load_config(path)


@pytest.mark.parametrize("name", ["schema_file", "severity_file"])
def test_a_reviewed_file_is_found_beside_the_configuration(tmp_path: Path, name: str) -> None:
    assert getattr(load_config(write(tmp_path, f"{name}: reviewed.txt\n")), name) == tmp_path / "reviewed.txt"
    assert getattr(load_config(write(tmp_path, f"{name}: /etc/reviewed.txt\n")), name) == Path(
        "/etc/reviewed.txt"
    )
