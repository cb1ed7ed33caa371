"""Outlier detectors on features of residuals; runs in an environment without TFX.

    .venv-peers/bin/python -m benchmarks.peers.anomalies features.npz scores.npz

Each array [N, F] of the first file holds features of series in a span. A detector is fitted on each as a whole, without
being told what is planted, and writes a score [N] under ``<detector> <array>``, the larger the stranger.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from pyod.models.ecod import ECOD
from pyod.models.iforest import IForest


def detectors() -> dict[str, Any]:
    """By name, as their authors set them up."""
    return {"pyod ECOD": ECOD(), "pyod IForest": IForest(random_state=7)}


def main() -> None:
    """Reads features, writes scores."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("features")
    parser.add_argument("scores")
    given = parser.parse_args()
    scores = {}
    with np.load(given.features) as features:
        for case in features.files:
            for name, detector in detectors().items():
                scores[f"{name} {case}"] = detector.fit(features[case]).decision_scores_
    np.savez(given.scores, **scores)


if __name__ == "__main__":
    main()
