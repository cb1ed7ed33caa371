"""The variables that several dashboards share."""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as build

from grafana.board import choice


def run() -> build.QueryVariable:
    """One training run, the newest first."""
    return choice(
        "run",
        "Run",
        "The training run that the panels of this page describe; the newest is on top.",
        """
        SELECT run_id AS __value, to_char(began, 'YYYY-MM-DD HH24:MI') || ', ' || replace(status, '_', ' ') AS __text
        FROM retail.runs
        ORDER BY began DESC
        LIMIT 500
        """,
    )


def store() -> build.QueryVariable:
    """Stores."""
    return choice(
        "store",
        "Store",
        "One store, several or all.",
        "SELECT DISTINCT store_id FROM retail.series ORDER BY 1",
        several="SELECT store_id FROM retail.series",
    )


def category() -> build.QueryVariable:
    """Categories that the chosen stores sell."""
    return choice(
        "category",
        "Category",
        "One category of products, several or all.",
        """
        SELECT DISTINCT category FROM retail.series WHERE store_id IN (${store:sqlstring}) ORDER BY 1
        """,
        several="SELECT category FROM retail.series",
    )


def product() -> build.QueryVariable:
    """Products of the chosen categories in the chosen stores."""
    return choice(
        "product",
        "Product",
        "One product, several or all. Type to search; of more than 5,000 products the first are listed.",
        """
        SELECT DISTINCT product_id
        FROM retail.series
        WHERE store_id IN (${store:sqlstring}) AND category IN (${category:sqlstring})
        ORDER BY 1
        LIMIT 5000
        """,
        several="SELECT product_id FROM retail.series",
    )


def one_store() -> build.QueryVariable:
    """One store."""
    return choice("store", "Store", "One store.", "SELECT DISTINCT store_id FROM retail.series ORDER BY 1")


def one_product() -> build.QueryVariable:
    """One product of the chosen store."""
    return choice(
        "product",
        "Product",
        "One product of the store. Type to search; of more than 5,000 products the first are listed.",
        """
        SELECT product_id FROM retail.series WHERE store_id IN (${store:sqlstring}) ORDER BY 1 LIMIT 5000
        """,
    )


def plan() -> build.QueryVariable:
    """One plan, the newest first."""
    return choice(
        "plan",
        "Plan",
        "The plan that is shown, by the last date that it knew; the newest is on top.",
        "SELECT as_of::text FROM retail.plans ORDER BY as_of DESC LIMIT 500",
    )
