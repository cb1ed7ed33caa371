"""What a plan's forecasts turn out to be is what the gate's measures say of the same model and origin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.example_generation.folder import read_folder
from components.windowing.cutting import Shard
from components.windowing.encoding import write_examples
from components.windowing.serving import with_known_future
from contracts.dates import to_days
from contracts.models import DEMAND
from pipeline.config import load_config
from pipeline.inputs.pair_features import trained_features
from serving.directory.layout import model_folder
from store.connections import connect
from store.opening import opened
from tests.pipeline.lived_in import LivedIn
from trainers.demand_forecasting.evaluate import evaluate

pytestmark = pytest.mark.slow


def test_a_plan_is_as_good_as_its_pair_was_judged(lived_in: LivedIn, tmp_path: Path) -> None:
    """Judged on windows cut from the files of three weeks later, realised by plan and actuals: to within 0.001."""
    small = lived_in.small
    config = load_config(small.config)
    lines = pd.read_csv(small.workspace / "plans" / str(lived_in.first) / "order_lines.csv")
    (version,) = lines["model_version"].unique().tolist()
    space = trained_features(small.workspace / "serving", version)
    assert set(space.planned()) == {"price", "discount", "promotion"}
    read = read_folder(small.data, config.data)
    rows, _ = with_known_future(read.rows, read.future, space)
    shard = Shard(rows, space, config.windows.model_copy(update={"minimum_history": 1}))
    file = str(tmp_path / "windows.gz")
    write_examples(file, shard.labelled(np.array([to_days(lived_in.first)])), space.raw_features())
    judged = evaluate(str(model_folder(small.workspace / "serving", version, DEMAND)), [file], space)
    with opened(lived_in.store) as connections, connect(connections.reader or "") as connection:
        found = connection.execute(
            "SELECT sum(absolute_error) / sum(units), sum(forecast) / sum(units) - 1 FROM realised WHERE as_of = %s",
            [lived_in.first],
        ).fetchone()
    assert found is not None
    print(
        f"WAPE judged {judged['wape']:.6f}, realised {found[0]:.6f}; bias {judged['bias']:.6f}, {found[1]:.6f}"
    )
    assert float(found[0]) == pytest.approx(judged["wape"], abs=0.001)
    assert float(found[1]) == pytest.approx(judged["bias"], abs=0.001)
