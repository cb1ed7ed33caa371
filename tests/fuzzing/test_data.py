"""Any bytes in the place of the data's files: read, or refused with file, place and remedy."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import currently_in_test_context, given, note
from hypothesis import strategies as st

from components.example_generation.folder import read_folder
from components.example_generation.options import DataOptions
from contracts.errors import DataRejected, UserError
from pipeline.config import Config
from pipeline.inputs.batch import find_batch
from pipeline.orders.planning.overrides import read_overrides
from pipeline.workspace import Workspace
from tests.fuzzing.bytes_of_files import CORPUS, OVERRIDES, contained, texts
from tests.fuzzing.telling import assert_told, fuzzed

# What a library prints of its own errors is a traceback to the user.
pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")

NAMES = sorted(CORPUS)
OPTIONS = st.builds(
    DataOptions,
    frequency=st.sampled_from(["D", "D", "D", "W"]),
    missing_dates=st.sampled_from(["zero", "unknown"]),
    quarantine=st.sampled_from([None, None, 0.1, 1.0]),
)


def assert_read_or_told(name: str, ending: str, content: bytes, options: DataOptions) -> None:
    """Reads a folder of whole files but for one, by all that a run and a plan do."""
    if currently_in_test_context():
        note(f"{name}{ending} holds {content!r}, read with {options!r}")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for other, text in CORPUS.items():
            if other != name:
                (folder / f"{other}.csv").write_text(text, encoding="utf-8")
        (folder / f"{name}{ending}").write_bytes(content)
        try:
            find_batch(folder, Config(data=options), Workspace(folder / "workspace"))
        except (DataRejected, UserError) as error:
            assert_told(error, NAMES)
        try:
            read = read_folder(folder, options)
        except (DataRejected, UserError) as error:
            assert_told(error, NAMES)
            return
    rows = read.rows
    keys = rows.select(["store_id", "product_id", "date"]).to_pandas()
    assert rows.num_rows == read.report.rows > 0
    assert not keys.duplicated().any() and keys.notna().all(axis=None)
    units = rows["units_sold"].to_numpy().astype(float)
    assert not np.isinf(units).any() and not (units < 0).any()


@fuzzed
@given(st.data(), st.sampled_from(NAMES), OPTIONS)
def test_text_files(data: st.DataObject, name: str, options: DataOptions) -> None:
    assert_read_or_told(name, ".csv", data.draw(texts(CORPUS[name])), options)


@fuzzed
@given(st.data(), st.sampled_from(NAMES), OPTIONS)
def test_containers(data: st.DataObject, name: str, options: DataOptions) -> None:
    ending, content = data.draw(contained(name))
    assert_read_or_told(name, ending, content, options)


@fuzzed
@given(texts(OVERRIDES))
def test_override_files(content: bytes) -> None:
    note(f"overrides.csv holds {content!r}")
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "overrides.csv"
        path.write_bytes(content)
        try:
            found = read_overrides(path, date(2025, 3, 14))
        except (DataRejected, UserError) as error:
            assert_told(error, ["overrides"])
            return
    quantities = found.rows["quantity"].to_numpy()
    assert np.isfinite(quantities).all() and (quantities >= 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_corpus_itself_is_read(name: str) -> None:
    assert_read_or_told(name, ".csv", CORPUS[name].encode(), DataOptions())
