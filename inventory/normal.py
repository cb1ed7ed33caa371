"""The standard normal distribution on arrays, from the standard library (this room needs no SciPy)."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

_STANDARD = NormalDist()
_erf = np.vectorize(math.erf, otypes=[np.float64])
_inverse = np.vectorize(_STANDARD.inv_cdf, otypes=[np.float64])


def normal_quantile(probability: ArrayLike) -> NDArray[np.float64]:
    """Quantile of the standard normal distribution (Wichura's algorithm AS 241, as `statistics.NormalDist`).

    Args:
        probability: any shape, strictly between 0 and 1.

    Returns:
        z of the same shape, Phi(z) = probability.

    Raises:
        ValueError: a probability is not strictly between 0 and 1.
    """
    probability = np.asarray(probability, dtype=np.float64)
    if not np.all((probability > 0) & (probability < 1)):
        raise ValueError("a probability must lie strictly between 0 and 1")
    # Items share few distinct critical ratios, so the slow scalar function runs once for each of them.
    distinct, place = np.unique(probability, return_inverse=True)
    return _inverse(distinct)[place].reshape(probability.shape) if distinct.size else probability


def normal_pdf(z: ArrayLike) -> NDArray[np.float64]:
    """Density of the standard normal distribution at z (any shape; 0 at infinity)."""
    return np.exp(-0.5 * np.square(np.asarray(z, dtype=np.float64))) / math.sqrt(2 * math.pi)


def normal_cdf(z: ArrayLike) -> NDArray[np.float64]:
    """Distribution function of the standard normal distribution at z (any shape)."""
    z = np.asarray(z, dtype=np.float64)
    return 0.5 * (1 + _erf(z / math.sqrt(2))) if z.size else z
