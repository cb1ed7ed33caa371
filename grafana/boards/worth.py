"""What the system is worth in money: what its orders cost beside other ways to order, and why it orders as it does."""

from __future__ import annotations

from grafana.board import Row
from grafana.columns import WHOLE
from grafana.gates import GATES
from grafana.panels import (
    MONEY,
    PERCENT,
    TEXT,
    bars,
    rows,
    single_stat,
)

MONEY_NOTE = "Money is in the currency of the files."
_NEWEST = """
    newest AS (
        SELECT * FROM retail.runs
        WHERE status = 'pushed' AND EXISTS (SELECT FROM retail.policy_costs p WHERE p.run_id = runs.run_id)
        ORDER BY began DESC
        LIMIT 1
    ),
    costs AS (
        SELECT c.*, max(total_cost) FILTER (WHERE plans) OVER () AS planned
        FROM retail.policy_costs c JOIN newest USING (run_id)
        WHERE slice = 'all'
    )
    """


def _share(number: int) -> str:
    return f"to_char(100 * against_base_stock[{number}], 'FMSG990.0') || ' %'"


_ONE = f"""
    WITH {_NEWEST}
    SELECT {{figure}}
    FROM costs b JOIN newest USING (run_id)
    WHERE b.policy = 'base_stock'
    """

WORTH = Row(
    "What it is worth: the weeks before the newest models were pushed, played through",
    [
        single_stat(
            "Saved in the test weeks",
            "What the classical formula (base stock) would have cost in the test weeks of the newest pushed "
            "models, less what the policy costs by which orders are placed. Real lead times, packs and "
            f"orders, and the same stock at the start. {MONEY_NOTE}",
            _ONE.format(figure='b.total_cost - b.planned AS "saved"'),
            MONEY,
            width=5,
            decimals=0,
        ),
        single_stat(
            "Share of base stock's cost",
            "What was saved in the test weeks as a share of what the classical formula costs.",
            _ONE.format(figure='1 - b.planned / nullif(b.total_cost, 0) AS "saved"'),
            PERCENT,
            width=5,
            decimals=1,
        ),
        single_stat(
            "Test weeks",
            "The days that were played through; no model had seen them.",
            _ONE.format(figure="test_periods * period_days || ' days to ' || last_date AS \"span\""),
            TEXT,
            width=6,
        ),
        single_stat(
            f"Cost against base stock, with its {100 * GATES['confidence']:.0f} % interval",
            "What the policy costs more (+) or less (-) than the classical formula, over the test weeks and "
            "those before them in which it was chosen; the interval says how far chance may have moved the "
            "figure.",
            _ONE.format(
                figure=f"{_share(1)} || ' (' || {_share(2)} || ' to ' || {_share(3)} || ')' AS \"change\""
            ),
            TEXT,
            width=8,
        ),
        single_stat(
            "By which policy orders are placed, and why",
            "Decided anew for each pair of models by what the policies cost in the weeks before the test "
            "weeks, so that the test weeks judge it fairly.",
            f"WITH {_NEWEST} SELECT planning_reason FROM newest",
            TEXT,
            width=24,
            height=3,
        ),
        bars(
            "Cost of each way to order",
            "The test weeks played through by each policy. The clairvoyant knows all demand beforehand: no "
            f"policy can be cheaper. Waste is the cost of what expired. {MONEY_NOTE}",
            f"""
            WITH {_NEWEST}
            SELECT replace(policy, '_', ' ') || CASE WHEN plans THEN ' (plans)' ELSE '' END AS "Policy",
                   holding_cost AS "Holding", shortage_cost AS "Shortage", coalesce(waste_cost, 0) AS "Waste",
                   CASE WHEN holding_cost IS NULL THEN total_cost END AS "Least possible"
            FROM costs
            ORDER BY total_cost
            """,
            MONEY,
            height=10,
            decimals=0,
            across=True,
            stacked=True,
            columns={name: {} for name in ("Holding", "Shortage", "Waste", "Least possible")},
        ),
        rows(
            "Why orders are placed by this one",
            "The same policies. Where one is cheaper in these weeks than the policy that plans, it says why "
            "it does not plan; the interval is how far chance may have moved the figure.",
            f"""
            WITH {_NEWEST},
            compared AS (
                SELECT run_id, check_name, substring(reason FROM 'simulated cost (.*\\)) against') AS change
                FROM retail.gate_checks
                WHERE gate = 'model' AND check_name LIKE 'simulated cost against %'
            )
            SELECT replace(policy, '_', ' ') AS "Policy", total_cost / nullif(planned, 0) - 1 AS "Against plan",
                   fill_rate AS "Fill rate",
                   CASE
                       WHEN plans THEN 'it plans'
                       WHEN policy = 'clairvoyant' THEN 'a bound and no policy'
                       WHEN total_cost >= planned THEN 'costs more'
                       WHEN policy = 'incumbent' THEN 'the earlier pair, not proven cheaper'
                       WHEN policy IN ('model', 'base_stock', 'forecast_plan')
                           THEN 'cheaper in these weeks only: chosen in those before'
                       ELSE 'a rule without a model, not proven cheaper'
                   END || coalesce(': ' || (
                       SELECT 'the plan costs ' || change FROM compared
                       WHERE compared.run_id = costs.run_id AND total_cost < planned AND change IS NOT NULL
                         AND check_name ~ ('against (the )?' || replace(policy, '_', ' ') || ',')
                       ORDER BY check_name
                       LIMIT 1
                   ), '') AS "Why"
            FROM costs
            ORDER BY total_cost
            """,
            width=12,
            height=10,
            columns={
                "Policy": {"custom.width": 110},
                "Against plan": {"unit": PERCENT, "decimals": 1, "custom.width": 104},
                "Fill rate": {"unit": PERCENT, "decimals": 1, "custom.width": 80},
                "Why": WHOLE,
            },
        ),
    ],
)
"""The row of panels; it describes the newest run that pushed, whatever plan is chosen."""
