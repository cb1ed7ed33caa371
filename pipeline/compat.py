"""What differs between the two TFX stacks, and what must be set before the first import of either.

Import this module before tfx, tensorflow or apache_beam.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# Before TensorFlow 2.21: a libpq that is loaded after it finds the cryptography that TensorFlow brings instead of its
# own, and the process aborts ("free(): invalid pointer") with the first connection that asks for TLS.
import psycopg  # noqa: F401
from absl import logging as absl_logging

# Keras 3 in both stacks; the choice would otherwise depend on the order of imports (transforms/__init__.py).
os.environ["TF_USE_LEGACY_KERAS"] = "0"
absl_logging.set_verbosity(absl_logging.ERROR)
logging.getLogger("tensorflow").setLevel(logging.ERROR)
warnings.filterwarnings("ignore", category=FutureWarning, module=r"google\..*")
warnings.filterwarnings("ignore", category=DeprecationWarning)
# Without an accelerator TensorFlow reports that as an error at its first operation; its real errors are exceptions.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2" if os.path.exists("/dev/nvidiactl") else "3")  # noqa: PTH110


@contextmanager
def _silent_stderr() -> Iterator[None]:
    """On import TensorFlow's C++ side prints notices about accelerators that are not there, whatever its log level.

    It writes to the file descriptor, past Python. An import that fails still raises.
    """
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


with _silent_stderr():
    import tensorflow  # noqa: F401  (imported for the silence alone)


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
