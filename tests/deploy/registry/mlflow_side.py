"""The registry as MLflow's own client sees it; runs in MLflow's environment, and prints JSON.

Not of our code: what ours told is to be read by what its users have.
"""

import json
import sys
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.server import get_app_client

MODELS = ("demand_forecasting", "replenishment_optimization")


def seen(client: MlflowClient, prefix: str, experiment: str) -> dict[str, object]:
    models = {}
    for model in MODELS:
        try:
            found = client.get_registered_model(prefix + model)
        except mlflow.exceptions.MlflowException:
            continue
        versions = client.search_model_versions(f"name='{prefix}{model}'")
        models[model] = {
            "aliases": {alias: str(number) for alias, number in found.aliases.items()},
            "versions": {str(v.version): {**v.tags, "run": v.run_id} for v in versions},
        }
    there = client.get_experiment_by_name(experiment)
    runs = client.search_runs([there.experiment_id]) if there else []
    return {
        "models": models,
        "runs": {
            run.info.run_id: {
                "status": run.info.status,
                "params": run.data.params,
                "metrics": run.data.metrics,
                "tags": run.data.tags,
                "artifacts": [found.path for found in client.list_artifacts(run.info.run_id, "report")],
            }
            for run in runs
        },
    }


def main() -> None:
    what, *given = sys.argv[1:]
    client = MlflowClient()
    if what == "seen":
        print(json.dumps(seen(client, *given)))
    elif what == "move":
        prefix, alias, *numbers = given
        for model, number in zip(MODELS, numbers, strict=False):
            client.set_registered_model_alias(prefix + model, alias, number)
    elif what == "download":
        uri, folder = given
        Path(folder).mkdir()
        print(json.dumps(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=folder)))
    elif what == "reader":
        get_app_client("basic-auth", tracking_uri=mlflow.get_tracking_uri()).create_user(*given)


if __name__ == "__main__":
    main()
