"""The command lines of predict.py and evaluate.py: arguments in, files out, nothing else."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

import pandas as pd

from trainers.dataset import matching_files
from transforms.features import FeatureSpace


def predict_main(about: str, predict: Callable[..., pd.DataFrame]) -> None:
    """``--model DIR --windows FILES... --out FILE`` (.csv or .parquet)."""
    parser = _parser(about, "patterns too")
    parser.add_argument("--out", required=True, help="table to write, .csv or .parquet")
    given = parser.parse_args()
    table = predict(given.model, matching_files(given.windows), read_feature_space(given.feature_space))
    if given.out.endswith(".parquet"):
        table.to_parquet(given.out, index=False)
    else:
        table.to_csv(given.out, index=False)
    print(f"{len(table)} rows in {given.out}")


def evaluate_main(about: str, evaluate: Callable[..., dict[str, Any]]) -> None:
    """``--model DIR --windows FILES... [--out FILE]``; prints the metrics as JSON."""
    parser = _parser(about, "with labels, patterns too")
    parser.add_argument("--out", help="file for the metrics, JSON")
    given = parser.parse_args()
    metrics = evaluate(given.model, matching_files(given.windows), read_feature_space(given.feature_space))
    text = json.dumps(metrics, indent=2)
    if given.out:
        with open(given.out, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    print(text)


def _parser(about: str, windows: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--model", required=True, help="a SavedModel that train wrote")
    parser.add_argument(
        "--windows", required=True, nargs="+", help=f"TFRecord files of raw windows, {windows}"
    )
    parser.add_argument("--feature-space", required=True, help="the windows' feature space, JSON")
    return parser


def read_feature_space(path: str) -> FeatureSpace:
    """The feature space in a JSON file."""
    with open(path, encoding="utf-8") as file:
        return FeatureSpace.from_json(file.read())
