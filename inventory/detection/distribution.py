"""The distribution of the demand of a period: negative binomial, with a share of further zeros."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from contracts.arrays import Flags, Floats

_HARDLY = 1e-3
"""Of a step, by which decimal units may miss whole ones in binary."""


@dataclass(frozen=True)
class Demand:
    """Of each series and period; each array [N, H].

    Attributes:
        mean: of the negative binomial, in steps, above 0.
        size: its dispersion r; the variance is mean + mean^2 / r.
        zero: probability of no demand at all, whatever the negative binomial says.
        step: units in which sales are counted: 1 of pieces, 0.1 of what is weighed to 100 g.
    """

    mean: Floats
    size: Floats
    zero: Floats
    step: float = 1.0

    @property
    def expected(self) -> Floats:
        """Mean demand, units."""
        return (1.0 - self.zero) * self.mean * self.step

    def at_most(self, units: Floats) -> Floats:
        """P(demand <= units), [N, H]; of a part of a step that of the whole ones below it."""
        whole = np.floor(units / self.step + _HARDLY)
        # Of a negative number of units scipy makes NaN, and there is no such demand.
        below = special.betainc(self.size, np.maximum(whole, 0) + 1, self._share())
        return np.where(whole < 0, 0.0, self.zero + (1 - self.zero) * below)

    def at_least(self, units: Floats) -> Floats:
        """P(demand >= units), [N, H], exact far out in the tail too."""
        whole = np.ceil(units / self.step - _HARDLY)
        above = special.betainc(np.maximum(whole, 1), self.size, 1 - self._share())
        return np.where(whole <= 0, 1.0, (1 - self.zero) * above)

    def log_probability(self, units: Floats) -> Floats:
        """log P(demand = units), units rounded to whole steps, [N, H]."""
        whole = np.round(np.maximum(units, 0) / self.step)
        share = self._share()
        counted = (
            special.gammaln(whole + self.size) - special.gammaln(self.size) - special.gammaln(whole + 1)
            + special.xlogy(self.size, share) + special.xlog1py(whole, -share)
        )  # fmt: skip
        with np.errstate(divide="ignore"):
            extra = np.where(whole == 0, np.log(self.zero), -np.inf)
        return np.asarray(np.logaddexp(np.log1p(-self.zero) + counted, extra))

    def take(self, rows: Flags) -> Demand:
        """Of some series."""
        return Demand(self.mean[rows], self.size[rows], self.zero[rows], self.step)

    def _share(self) -> Floats:
        share: Floats = self.size / (self.size + self.mean)
        return share
