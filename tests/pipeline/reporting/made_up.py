"""A whole ReportData without any run, with names as hostile as a retailer's files may hold them."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

from contracts.records.checks import FeatureCheck
from pipeline.reporting.data import (
    Bins,
    Coverage,
    Feature,
    Incoming,
    Lineage,
    Method,
    Policy,
    ReportData,
    Series,
    Served,
    Slice,
    Span,
    Verdict,
)
from tests.contracts.records.made_up import component, feature_check, model_check, summary

SCRIPT = '<script>alert("1")</script>'
MARKUP = '"><img src=http://evil.example/x onerror=alert(1)> id="a" $\\frac{1$ &amp; {{ 7 * 6 }}'
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
MODELS = ("demand_forecasting", "replenishment_optimization")


def check(verdict: str, feature: str = "units_sold", **changes: Any) -> FeatureCheck:
    return feature_check(feature, verdict, **{**_measured(verdict), **changes})


def _measured(verdict: str) -> dict[str, Any]:
    value = 0.3 if verdict == "stop" else 0.05
    return {
        "check": "drift",
        "value": value,
        "threshold": 0.1,
        "margin": 0.1 - value,
        "reason": "a distance",
    }


def series(rank: str, store: str = "S01", periods: int = 28) -> Series:
    begin = date(2025, 12, 3)
    return Series(
        rank,
        store,
        MARKUP,
        0.4,
        tuple(begin + timedelta(days=i) for i in range(periods)),
        tuple(float(i % 5) for i in range(periods)),
        tuple(i % 7 != 3 for i in range(periods)),
        {level: tuple(level * (4 + i % 5) for i in range(periods)) for level in LEVELS},
        (begin - timedelta(days=1), begin + timedelta(days=13)),
        tuple(i % 9 in (4, 5) for i in range(periods)),
    )


def numbers(low: float, missing: float = 0.0) -> Span:
    shares = (0.1, 0.2, 0.4, 0.3)
    return Span(
        1000, missing, Bins((0, 1, 2, 3, 4), shares, open_above=True), low=low, mean=2, median=2, high=9
    )


def texts(*names: str) -> Span:
    return Span(1000, 0.0, values={name: 1 / (i + 2) for i, name in enumerate(names)}, unique=len(names))


def whole() -> ReportData:
    """A pushed run with every part."""
    drift = check("pass")
    row = {"store_id": SCRIPT, "product_id": MARKUP, "date": "2025-12-30", "value": None}
    data = {
        "rows": 1000,
        "span": 2,
        "fallbacks": [{"what": "no products", "used": "lead_time: 3"}],
        "windows": {"train": 10, "test": 4},
    }
    return ReportData(
        Verdict(
            "20251231T000000Z-abcd",
            "pushed",
            datetime(2025, 12, 31, tzinfo=timezone.utc),
            tuple(Served(model, True, 17, f"/w/{SCRIPT}/{model}/17") for model in MODELS),
            next_steps=(f"plan the orders: `plan --workspace '/w/{SCRIPT}'`",),
        ),
        Incoming(
            summary(data=data).data,
            3,
            {"sales_data": 997, "products": 2},
            {"sales_data": 5},
            (f"sales_data: negative [{SCRIPT}]",),
            (MARKUP,),
        ),
        (
            Feature("units_sold", numbers(0.0), numbers(1.0, 0.1), drift),
            Feature(SCRIPT, texts(SCRIPT, MARKUP, "", "日本語", "a\x00b\nc"), texts(SCRIPT)),
            Feature("nothing", Span(1000, 1.0)),
        ),
        "span 1, version 1",
        (
            check("warn", "event", rows=(row,), reason=SCRIPT),
            check("waived", "holiday"),
            drift,
            check("pass", "category"),
            model_check(MODELS[0], "pass", **_measured("pass"), slice=f"store_id={SCRIPT}"),
        ),
        (series("best", SCRIPT), series("median"), series("worst")),
        tuple(Coverage(level, level - 0.04, level + 0.03) for level in LEVELS),
        0.1,
        (
            Policy("clairvoyant", 10.0),
            Policy("model", 20.0, 15.0, 5.0, 0.97, 100.0),
            Policy("base_stock", 30.0, 20.0, 10.0, 0.95, None),
        ),
        {
            MODELS[0]: (Method("model", {"wape": 0.31}), Method("seasonal_naive", {"wape": 84.77})),
            MODELS[1]: (),
        },
        {
            MODELS[0]: (Slice(f"store_id={MARKUP}", {"skill_seasonal_naive": -0.1, "wape": 0.5}),),
            MODELS[1]: (Slice("store_id=S01", {"skill_base_stock": 0.2, "fill_rate": None}),),
        },
        (
            component("Transform", seconds=3.21, peak_mib=500),
            component("DemandTrainer", "failed", reason=SCRIPT),
        ),
        Lineage(True, (("Rows of span 2, version 1", "artifact 3, content abc", "artifacts/x"),)),
    )


def refused() -> ReportData:
    """The files were refused: there is nothing but the reason."""
    models = tuple(Served(model, False) for model in MODELS)
    problem = f"sales_data.csv, column units_sold: is negative [{SCRIPT}]"
    nothing: dict[str, Any] = {
        "rows": 0,
        "series": 0,
        "first_date": None,
        "last_date": None,
        "span": None,
        "windows": {},
    }
    return ReportData(
        Verdict("20251231T000000Z-abcd", "refused_data", None, models, (problem,)),
        Incoming(summary(data=nothing).data),
        components=(component("RetailExampleGen", "refused", reason="1 problem(s) in the data"),),
        slices=dict.fromkeys(MODELS, ()),
    )
