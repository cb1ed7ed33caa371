"""Run by Airflow's Python: writes the pod of one task, as our DAGs make it, into a file. FILE"""

import json
import sys
from pathlib import Path

from airflow.sdk import DAG
from kubernetes.client import ApiClient
from retail.description import read
from retail.settings import settings
from retail.tasks import Tasks

platform = settings()
description = read(platform.description)
with DAG("pods"):
    task = Tasks(description, platform).command(
        "plan", description.command("plan", data=True), "Plans.", heavy=True
    )
made = ApiClient().sanitize_for_serialization(task.build_pod_request_obj(dry_run=True))
Path(sys.argv[1]).write_text(json.dumps(made))
