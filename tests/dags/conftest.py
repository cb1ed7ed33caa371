"""Airflow is configured before anything imports it: a folder of the test session's own, and one small shop."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from shop import PRODUCT, ROOT, Shop

HOME = Path(tempfile.mkdtemp(prefix="airflow-"))
os.environ.update(
    AIRFLOW_HOME=str(HOME),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__DAGS_FOLDER=str(ROOT / "dags"),
    AIRFLOW__CORE__UNIT_TEST_MODE="False",
)


def pytest_report_header() -> str:
    return f"the product runs in {PRODUCT}"


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = Shop(tmp_path_factory.mktemp("shop"))
    made.compile()
    return made


@pytest.fixture(scope="session")
def description(shop: Shop) -> Iterator[Path]:
    path = shop.workspace / "pipeline" / "pipeline.json"
    os.environ["AIRFLOW__RETAIL__DESCRIPTION"] = str(path)
    yield path
    del os.environ["AIRFLOW__RETAIL__DESCRIPTION"]


@pytest.fixture(scope="session")
def dags(description: Path) -> dict[str, Any]:
    """Both DAGs, as Airflow loads them."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(ROOT / "dags"))
    assert bag.import_errors == {}
    return dict(bag.dags)
