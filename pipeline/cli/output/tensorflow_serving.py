"""How to start TensorFlow Serving, and how to ask it."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from contracts.models import DEMAND
from pipeline.operations.ports import SERVING, SERVING_GRPC
from pipeline.operations.serve_config import BATCHING_FILE, MONITORING_FILE
from serving.directory.layout import TF_SERVING_FILE


def print_start(folder: Path, serving: Path, seen_as: str, console: Console) -> None:
    """Prints the two commands.

    Args:
        folder: with the configuration and the requests.
        seen_as: the same, as the server sees it.
    """
    console.print(
        f"wrote {folder} and {serving / TF_SERVING_FILE}\n\nstart TensorFlow Serving with", soft_wrap=True
    )
    console.print(
        f"  tensorflow_model_server --port={SERVING_GRPC.number} --rest_api_port={SERVING.number} \\\n"
        f"    --model_config_file={seen_as}/{TF_SERVING_FILE} --model_config_file_poll_wait_seconds=10 \\\n"
        f"    --allow_version_labels_for_unavailable_models \\\n"
        f"    --enable_batching --batching_parameters_file={BATCHING_FILE} \\\n"
        f"    --monitoring_config_file={MONITORING_FILE}\nand ask it with",
        soft_wrap=True,
    )
    console.print(
        f"  curl -d @{folder}/{DEMAND}.json "
        f"http://127.0.0.1:{SERVING.number}/v1/models/{DEMAND}/labels/stable:predict",
        soft_wrap=True,
    )
