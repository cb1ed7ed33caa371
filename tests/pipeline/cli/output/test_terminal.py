from __future__ import annotations

import pytest
from rich.table import Table

from pipeline.cli.output.terminal import terminal


@pytest.mark.parametrize("text", ['50% "off" [x]', "[/]", "[red]Tee[/red]", ":apple: Müsli", r"a\[b]"])
def test_an_id_is_shown_as_it_is(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    table = Table(title=text)
    table.add_row(text)
    console = terminal()
    console.print(text)
    console.print(table)
    assert capsys.readouterr().out.count(text) == 3
