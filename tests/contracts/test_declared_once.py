"""What binds rooms together is written down in contracts/ alone; anywhere else a misspelt one would only be a text."""

import ast
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest

from contracts import dates, files, models, nodes, policies, properties, splits
from contracts.columns import quantile_column
from tests.places import ROOT

ROOMS = (
    "components",
    "dags",
    "inventory",
    "pipeline",
    "schema",
    "serving",
    "store",
    "trainers",
    "transforms",
)
PROPERTIES = {"properties", "custom_properties"}
EXITS = {"exit", "_exit", "Exit", "SystemExit"}


def declared(module: ModuleType) -> set[str]:
    """All that a module of contracts gives a name to, but for what it imports."""
    found: set[str] = set()
    for name, value in vars(module).items():
        if name.isupper() and name != "KEYS":
            found.update(value.values() if isinstance(value, dict) else [value])
    return found


IDS = {*models.MODELS, *declared(nodes)}
"""Also found as a part of a dotted name or a path."""
CHANNELS = {models.channel(model, what) for model in models.MODELS for what in get_args(models.ModelChannel)}
NAMES = {
    *IDS,
    *CHANNELS,
    *declared(files),
    *declared(splits),
    policies.FORECAST_PLAN,
    policies.BASE_STOCK,
    policies.CLAIRVOYANT,
    str(dates.EPOCH),
    quantile_column(0).removesuffix("0"),
}


def sources() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of every text of a source that is no docstring."""
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.lineno, node.value


def said_again(source: str) -> list[tuple[int, str]]:
    """Line and text of each name that stands as a literal, whole or in a dotted name."""
    tree = ast.parse(source)
    found = [
        (line, text)
        for line, text in texts(tree)
        if text in NAMES
        or text.startswith(splits.split_folder(""))
        or not IDS.isdisjoint(text.replace("/", ".").split("."))
    ]
    return [*found, *properties_of(tree), *epochs_of(tree), *exit_codes_of(tree)]


def properties_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Properties of artifacts that are read or written by a literal name."""
    for node in ast.walk(tree):
        names: list[ast.expr] = []
        if isinstance(node, ast.Subscript) and getattr(node.value, "attr", None) in PROPERTIES:
            names = [node.slice]
        if isinstance(node, ast.Call) and str(getattr(node.func, "attr", "")).endswith("_custom_property"):
            names = node.args[:1]
        for name in names:
            if isinstance(name, ast.Constant):
                yield name.lineno, str(name.value)


def epochs_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Dates that are made of the year, month and day from which days are counted."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and [getattr(given, "value", None) for given in node.args] == [
            1970,
            1,
            1,
        ]:
            yield node.lineno, ast.unparse(node)


def exit_codes_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Ends of a process with a number."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in EXITS:
            numbers = [given for given in node.args if isinstance(getattr(given, "value", None), int)]
            yield from ((node.lineno, ast.unparse(node)) for _ in numbers)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('folder / "demand_forecasting"', True),
        ('run_fn = f"trainers.{DEMAND}.train"', False),
        ('run_fn = "trainers.demand_forecasting.train"', True),
        ('outputs["DataGate"]', True),
        ('"""Of the DataGate."""', False),
        ('folder / "windows.json"', True),
        ('folder / "Split-all"', True),
        ('given["demand_pushed"]', True),
        ('artifact.get_string_custom_property("pushed")', True),
        ("artifact.get_string_custom_property(properties.PUSHED)", False),
        ('artifact.properties["span"].int_value', True),
        ('summary["pushed"]', False),
        ("since = datetime.date(1970, 1, 1)", True),
        ('f"quantile_{level}"', True),
        ("sys.exit(3)", True),
        ("raise typer.Exit(2) from error", True),
        ("raise typer.Exit(error.exit_code)", False),
        ("os._exit(ExitCode.FAILURE)", False),
    ],
)
def test_a_literal_is_seen(line: str, found: bool) -> None:
    assert bool(said_again(line)) == found


def test_no_source_says_them_again() -> None:
    again = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in sources()
        for line, name in said_again(path.read_text())
    ]
    assert not again, "\n".join(again)


def test_every_declared_property_is_used() -> None:
    used = {
        node.attr
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
    }
    assert {name for name in vars(properties) if name.isupper()} <= used
