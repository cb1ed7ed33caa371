"""Which of many checks counts."""

from __future__ import annotations

from pipeline.operations.check import Check, worst


def test_the_gravest_state_counts() -> None:
    well, warned = Check("A", "ok", "fine"), Check("B", "warn", "little", "Do this.")
    assert worst([well]) == "ok"
    assert worst([well, warned]) == "warn"
    assert worst([warned, Check("C", "fail", "none", "Do that.")]) == "fail"
