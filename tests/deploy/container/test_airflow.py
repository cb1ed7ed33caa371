"""Airflow's image: nobody in particular, and both DAGs are read with a pod for each task."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.deploy.container.engine import TAG, built, entry, ran, volume

IMAGE = f"localhost/retail-inventory-airflow:{TAG}"
READ = """
import sys
sys.path.append("/opt/retail/dags")  # As Airflow itself does.
from airflow.dag_processing.dagbag import DagBag
bag = DagBag("/opt/retail/dags")
assert bag.import_errors == {}, bag.import_errors
print(sorted(bag.dags), {type(task).__name__ for dag in bag.dags.values() for task in dag.tasks})
"""


@pytest.fixture(scope="session")
def image() -> str:
    built("airflow")
    return IMAGE


def test_both_dags_are_read_with_a_pod_for_each_task(image: str, tmp_path: Path) -> None:
    node = {"id": "Gate", "group": "data", "upstream": [], "heavy": False}
    (tmp_path / "pipeline.json").write_text(json.dumps({
        "program": ["python", "-m", "pipeline"], "data": "/shop/data", "workspace": "/shop/workspace", "config": None,
        "final_exit_codes": {"2": "usage"}, "skipped_exit_codes": {"4": "nothing"}, "gate": "Gate",
        "challengers": False, "nodes": [node],
    }))  # fmt: skip
    tmp_path.chmod(0o755)
    told = {
        "DESCRIPTION": "/shop/pipeline.json", "RUNNER": "kubernetes", "IMAGE": "i", "VOLUME_CLAIM": "c",
        "VOLUME_PATH": "/shop",
    }  # fmt: skip
    variables = tuple(f"--env=AIRFLOW__RETAIL__{name}={value}" for name, value in told.items())
    options = (*volume(tmp_path, "/shop:ro"), "--tmpfs=/home/airflow", *variables, *entry("python"))
    said = ran(image, "-", options=options, given=READ).splitlines()[-1]
    assert said == "['planning', 'training'] {'RetailPodOperator'}"


def test_it_runs_as_airflows_own_image_does(image: str) -> None:
    assert ran(image, "-c", "id -u; id -g", options=entry("sh")).split() == ["50000", "0"]
