"""What a refusal has to say, whatever was wrong."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import HealthCheck, settings

from contracts.errors import DataRejected, Problem, UserError

FEW = 100
fuzzed = settings(
    deadline=None,
    # Few inputs are the same ones each time, so that who calls `make test` hears of their own changes alone.
    derandomize=settings().max_examples <= FEW,
    suppress_health_check=list(HealthCheck),
)

WHOLE_FILE = frozenset({
    "missing_file", "file_twice", "bad_encoding", "empty_file", "not_comma_separated", "missing_column",
    "joins_nothing", "no_rows_left",
})  # fmt: skip
"""Rules that are broken by a file and not by a place in it; those of containers begin with ``corrupt``."""


def assert_told(error: Exception, files: Iterable[str]) -> None:
    """A refusal names the file, the place in it where there is one, and what to do.

    Args:
        error: that was raised.
        files: names of the files that can be at fault, without their endings.
    """
    assert isinstance(error, (DataRejected, UserError)), repr(error)
    if isinstance(error, UserError):
        assert any(name in str(error) for name in files) and len(str(error)) > 20, str(error)
        return
    assert error.problems
    for problem in error.problems:
        _assert_problem_told(problem, set(files))


def assert_said(error: Exception) -> None:
    """A refusal says more than a word."""
    assert len(str(error)) > 20, str(error)


def _assert_problem_told(problem: Problem, files: set[str]) -> None:
    assert any(problem.file.startswith(name) for name in files), problem
    assert len(problem.remedy.split()) >= 2 and problem.message.strip(), problem
    placed = problem.column is not None or problem.rows or "column" in problem.message
    assert placed or problem.rule in WHOLE_FILE or problem.rule.startswith("corrupt"), problem
    assert problem.count >= 1 and len(str(problem)) < 3000, problem
