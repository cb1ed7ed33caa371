from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from components.example_generation.checks.by_file import problems_by_file
from components.example_generation.checks.rules import PART, ROW

_NAMES = {0: "b.csv", 1: "a.csv", 2: "c.csv"}
_ROWS = st.lists(
    st.tuples(st.sampled_from(sorted(_NAMES)), st.integers(1, 40), st.booleans()), max_size=40, unique=True
)


@given(_ROWS)
def test_each_file_tells_of_its_first_rows_by_number(rows: list[tuple[int, int, bool]]) -> None:
    frame = pd.DataFrame(rows, columns=[PART, ROW, "wrong"]).astype({"wrong": bool})
    frame["text"] = [f"value {i}" for i in range(len(frame))]
    wrong = frame[frame["wrong"]]
    said = wrong["text"].tolist()
    table = pa.table(
        {PART: pa.array(frame[PART], pa.int32()), ROW: pa.array(frame[ROW], pa.int64())},
    )

    problems = problems_by_file(
        table, np.asarray(wrong.index, np.int64), _NAMES, said.__getitem__, "rule", "what", "do"
    )

    assert [problem.file for problem in problems] == [_NAMES[part] for part in sorted(set(wrong[PART]))]
    for part, problem in zip(sorted(set(wrong[PART])), problems, strict=True):
        of_file = wrong[wrong[PART] == part].sort_values(ROW, kind="stable")
        assert problem.count == len(of_file)
        assert list(problem.rows) == of_file[ROW].head(5).tolist()
        assert list(problem.values) == of_file["text"].head(5).tolist()
