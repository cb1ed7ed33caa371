"""The configuration: what is accepted, and how what is not is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from contracts.errors import UserError
from pipeline.config import Config, load_config
from tests.places import ROOT


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
    assert (weekly.promotion.least_periods, weekly.promotion.most_periods) == (6, 52)


def test_a_challenger_has_time_to_be_decided_upon(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"most_periods \(10\) must be more than promotion.least_periods \(14\)"
    ):
        load_config(write(tmp_path, "promotion: {mode: challenger, most_periods: 10}\n"))


def test_a_challenger_orders_for_stores_where_there_is_one_and_never_for_all(tmp_path: Path) -> None:
    assert load_config(None).promotion.canary_stores == 0
    with pytest.raises(UserError, match=r"set promotion\.mode to challenger, where it is at_once"):
        load_config(write(tmp_path, "promotion: {canary_stores: 0.1}\n"))
    with pytest.raises(UserError, match=r"promotion\.canary_stores"):
        load_config(write(tmp_path, "promotion: {mode: challenger, canary_stores: 1}\n"))


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
    files = list((ROOT / "benchmarks").glob("*.yaml"))
    assert files
    for path in files:
        load_config(path)


def test_a_registrys_authority_is_found_beside_the_configuration(tmp_path: Path) -> None:
    text = "registry: {mlflow: https://mlflow.example.com, certificate_authority: ca.pem}\n"
    assert load_config(write(tmp_path, text)).registry.certificate_authority == tmp_path / "ca.pem"
    text = "publication: {address: 's3://b.c/d', certificate_authority: ca.pem}"
    assert load_config(write(tmp_path, text)).publication.certificate_authority == tmp_path / "ca.pem"


@pytest.mark.parametrize("name", ["schema_file", "severity_file"])
def test_a_reviewed_file_is_found_beside_the_configuration(tmp_path: Path, name: str) -> None:
    assert getattr(load_config(write(tmp_path, f"{name}: reviewed.txt\n")), name) == tmp_path / "reviewed.txt"
    assert getattr(load_config(write(tmp_path, f"{name}: /etc/reviewed.txt\n")), name) == Path(
        "/etc/reviewed.txt"
    )


def bomb() -> str:
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("windows: {horizon: 14, horizon: 21}", ["horizon stands twice", "line 1"]),
        ("workers: 1\ndata: {}\nworkers: 2\n", ["workers stands twice", "line 3"]),
        (bomb(), ["aliases"]),
        ("windows: &w {horizon: 14}\ndata: *w\n", ["aliases", "line 2"]),
        ("a: &a [*a]", ["aliases"]),
        ("[" * 5000, ["no YAML"]),
        ("{" * 5000, ["no YAML"]),
        ("? [a]\n: 1", ["a setting's name is a text"]),
        ("windows: {horizn: 3}", ["windows.horizn", "did you mean horizon?"]),
        ("window: {horizon: 3}", ["window: there is no such setting; did you mean windows?"]),
        ("demand_forecasting: {epoch: 3}", ["did you mean epochs?"]),
        ("windows: {qqq: 3}", ["windows.qqq: there is no such setting"]),
        ('"\t": 3', [r"'\t': there is no such setting"]),
        ('"": 3', ["'': there is no such setting"]),
        ("workers: true", ["workers: is true"]),
        ("demand_forecasting: {epochs: yes}", ["demand_forecasting.epochs: is true"]),
        ("data: {external: [no, a]}", ["data.external.0: is false"]),
        ("demand_forecasting: {cache: 3}", ["demand_forecasting.cache"]),
        ('schema_file: "a\\0b"', ["schema_file: holds a character"]),
        ("data: {as_of: 2024-02-31}", ["is no YAML"]),
        ("data: {as_of: yesterday}", ["data.as_of"]),
        ("windows: 3", ["windows"]),
        ("windows:\n  - horizon\n", ["windows"]),
        ("tag: !!python/object/apply:os.system [ls]", ["is no YAML"]),
        ("\x00", ["is no YAML"]),
    ],
)
def test_settings_that_nobody_can_mean_are_refused_with_their_place(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    with pytest.raises(UserError) as found:
        load_config(write(tmp_path, text))
    said = str(found.value)
    assert all(word in said for word in (*words, "config.yaml")) and len(said) < 2000


def numbers(model: type[BaseModel], place: str = "") -> Iterator[str]:
    """The numeric settings of a model and its sections."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from numbers(field.annotation, f"{place}{name}.")
        elif field.annotation is not bool and {int, float} & {field.annotation, *get_args(field.annotation)}:
            yield place + name


@pytest.mark.parametrize("value", [".nan", ".inf", "-.inf", "1e300", str(10**40), "-1000000000", "many"])
def test_every_number_has_bounds(tmp_path: Path, value: str) -> None:
    for name in numbers(Config):
        *sections, last = name.split(".")
        text = f"{last}: {value}"
        for section in reversed(sections):
            text = f"{section}: {{{text}}}"
        with pytest.raises(UserError) as found:
            load_config(write(tmp_path, text))
        assert f"{name}: " in str(found.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"PK\x03\x04" + bytes(100), b"a: b\n" * 300_000])
def test_a_file_of_something_else_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.yaml").write_bytes(content)
    with pytest.raises(UserError, match=r"config\.yaml: is "):
        load_config(tmp_path / "config.yaml")


def test_a_folder_and_a_missing_file_are_told(tmp_path: Path) -> None:
    for path, words in ((tmp_path, "Is a directory"), (tmp_path / "no.yaml", "No such file")):
        with pytest.raises(UserError, match=words):
            load_config(path)


def test_a_mark_of_utf_8_is_no_setting(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes(b"\xef\xbb\xbfworkers: 1\n")
    assert load_config(tmp_path / "config.yaml").workers == 1
