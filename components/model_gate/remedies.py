"""What a person can do about a check that stopped: one sentence for each kind of check.

Settings are named in full, as a configuration file has them.
"""

from __future__ import annotations

_KEPT = "the last good pair stays in use"

DEMAND_SKILL = (
    "Last season's sales forecast the test period as well as the model: give more history, and what moves demand "
    "(prices, promotions, holidays); `gate.demand_skill` below 0 bears a model that is so much worse"
)
SLICE_SKILL = (
    "One store or category is forecast worse than by last season's sales: look there for periods out of stock, prices "
    "or events that the files leave out; `gate.slice_skill` bears so much less, `gate.slice_series` leaves out "
    "small slices"
)
CALIBRATION = (
    "The quantiles lie beside the demand of the test period: more history shows the model more of what may happen, a "
    "longer `windows.test_periods` judges it by more than a few weeks; `gate.calibration_band` bears so much"
)
REPLENISHMENT_SKILL = (
    "Base stock orders as well, interval by interval: give more history, and each product's own `holding_cost`, "
    "`shortage_cost` and `lead_time`; `gate.replenishment_skill` below 0 bears a model that is so much worse"
)
OTHER_COST = (
    "Another policy is proven cheaper than the one that the weeks before the test period chose: demand has changed, or "
    "these weeks were not like others; give more history, or a longer `windows.eval_periods`; `gate.other_cost` bears "
    "as much more cost as it says (0.05: 5%)"
)
BASE_STOCK_COST = (
    "It is not proven that the pair orders at less cost than base stock: more history or more series narrow the "
    "interval; `gate.base_stock_cost` bears as much more cost as it says (0.05: 5%)"
)
BASE_STOCK_FILL_RATE = (
    "The pair serves less than base stock and is not proven cheaper: raise `shortage_cost` in products where service "
    "is worth more; `gate.fill_rate_margin` bears so much less"
)
INCUMBENT = (
    f"The pair in use does better on the newest data, and {_KEPT}: run again with more data; "
    "`gate.loss_margin`, `gate.cost_margin`, `gate.incumbent_cost` and `gate.fill_rate_margin` bear so much less; "
    "`run --re-baseline --reason TEXT` leaves the comparison out once, where what is compared has changed"
)
NO_VALUE = (
    "There was nothing to judge by: the test period needs periods with sales and full stock; give more history, or a "
    "longer `windows.test_periods`"
)
TFMA = (
    "TensorFlow Model Analysis refused the model by figures of its own: see the Evaluator's log in the run's folder of "
    "logs"
)
LOADING = (
    "The saved model does not load or answer: see the ServingValidator's log, mend what it names (often memory), and "
    "run again"
)
DIFFERENCE = (
    "The saved model answers other than the trained one: run again; where it stays, the installed TensorFlow differs "
    "from the locked one (`doctor` tells); `serving.tolerance` bears so much"
)
LATENCY = (
    "The saved model answers too slowly: run again on a machine that is less busy; `serving.latency_one` and "
    "`serving.latency_many` bear so many milliseconds"
)
