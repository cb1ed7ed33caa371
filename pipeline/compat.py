"""What differs between the two TFX stacks, and what must be set before the first import of either.

Import this module before tfx, tensorflow or apache_beam.
"""

from __future__ import annotations

import logging
import os
import warnings
from importlib import metadata

from absl import logging as absl_logging

# Keras 3 in both stacks; the choice would otherwise depend on the order of imports (transforms/__init__.py).
os.environ["TF_USE_LEGACY_KERAS"] = "0"
# On import TensorFlow's C++ side prints errors about accelerators that are not there, on every machine without one.
# What goes wrong later is raised as an exception.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
absl_logging.set_verbosity(absl_logging.ERROR)
logging.getLogger("tensorflow").setLevel(logging.ERROR)
warnings.filterwarnings("ignore", category=FutureWarning, module=r"google\..*")
warnings.filterwarnings("ignore", category=DeprecationWarning)


def beam_arguments() -> list[str]:
    """Beam options that suit one machine.

    More workers never helped on two cores. The runner is named in full, because newer Beam releases otherwise look
    for a Prism binary to download.
    """
    return [
        "--runner=apache_beam.runners.portability.fn_api_runner.FnApiRunner",
        "--direct_running_mode=in_memory",
        "--direct_num_workers=1",
        # What newer Beam releases choose by themselves; it takes a second off Transform.
        "--pickle_library=cloudpickle",
        # Without any word on the workers' dependencies, TFX packs its whole installation into an archive for them at
        # the start of every Beam component, 2 s each. The workers are this process, so the name is never looked up.
        "--sdk_container_image=this-process",
    ]


def quiet_logs() -> None:
    """TFX logs thousands of lines a run at INFO; warnings and errors are what a log file is read for."""
    absl_logging.set_verbosity(absl_logging.WARNING)
    logging.getLogger().setLevel(logging.WARNING)


def versions() -> dict[str, str]:
    """Versions of what decides a result."""
    packages = ("tfx", "tensorflow", "keras", "apache-beam", "numpy", "pandas", "pyarrow")
    return {package: metadata.version(package) for package in packages}
