"""What follows for Beam from the engine that is configured."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pipeline.compat import beam_arguments
from pipeline.config import Config
from pipeline.engine_options import EngineOptions

WORKER = "retail-inventory-beam-worker"
"""The program that a TaskManager starts, as it is installed beside this Python."""
_CACHE_MILLISECONDS = 120_000


def arguments_of(config: Config) -> list[str]:
    """Beam's options as configured."""
    if config.beam_arguments is not None:
        return list(config.beam_arguments)
    return beam_arguments() if config.engine.name == "local" else _flink_arguments(config.engine)


def _flink_arguments(engine: EngineOptions) -> list[str]:
    command = engine.worker_command or Path(sys.executable).with_name(WORKER)
    environment = [f"--environment_type={engine.environment.upper()}"]
    if engine.environment == "process":
        environment.append(f"--environment_config={json.dumps({'command': str(command)})}")
    return [
        "--runner=PortableRunner",
        f"--job_endpoint={engine.job_endpoint}",
        f"--flink_master={engine.flink_master}",
        f"--parallelism={engine.parallelism}",
        *environment,
        # Without, each of a job's stages starts workers of its own, which import TensorFlow for seconds.
        f"--environment_cache_millis={_CACHE_MILLISECONDS}",
        "--pickle_library=cloudpickle",
        # Nothing is sent to the workers, which have the product installed; unset, TFX packs itself for them.
        "--sdk_container_image=none",
    ]
