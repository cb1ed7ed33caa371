"""What has to be imported before what; the wrong order ends a process, and only where TLS is asked for."""

import ast

from tests.places import ROOT


def test_libpq_is_loaded_before_tensorflow() -> None:
    """Asked for real, with TLS, by tests/deploy/ansible/machines: ``plan`` there loads both."""
    tree = ast.parse((ROOT / "pipeline" / "compat.py").read_text())
    lines = {
        name.name: node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for name in node.names
    }
    assert lines["psycopg"] < lines["tensorflow"]
