"""Whether this machine can do a run, and what to do where it cannot. Quick: it imports no framework."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import socket
import tempfile
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path

from contracts.errors import Failure
from pipeline.operations.check import Check, State
from pipeline.operations.credentials import check_certificate, check_tokens
from pipeline.operations.ports import PORTS, Port
from serving.objects.options import PublicationOptions

GIB = 2**30
# TFX's wheels from 1.17 on need this C library.
NEWER_GLIBC = (2, 39)
OLDEST_GLIBC = (2, 28)
# A node peaks at about 1.3 GiB on 200,000 rows, and two may run side by side.
MEMORY_COMFORT, MEMORY_LEAST = 4 * GIB, 2 * GIB
DISK_COMFORT, DISK_LEAST = 5 * GIB, 1 * GIB
CORES_COMFORT = 2


def checks(
    workspace: Path,
    certificate: Path | None = None,
    tokens: Path | None = None,
    publication: PublicationOptions | None = None,
) -> list[Check]:
    """Looks at everything a run needs.

    Args:
        workspace: where the run is to keep its things; it need not exist yet.
        certificate: of the prediction service; None: it has none.
        tokens: file of what its callers send; None: they send nothing.
        publication: names the object store that is tried, if any.

    Raises:
        UserError: those files are no certificate, or no tokens.
    """
    glibc, now = c_library(), datetime.now(timezone.utc)
    return [
        check_stack(package_versions(), glibc),
        check_c_library(glibc),
        check_openmp(openmp()),
        check_processor(len(os.sched_getaffinity(0)), _cpu_flags()),
        check_memory(free_memory()),
        check_disk(workspace),
        check_permissions(workspace),
        check_ports(PORTS),
        *([] if certificate is None else [check_certificate(certificate, now)]),
        *([] if tokens is None else [check_tokens(tokens, now)]),
        *([] if publication is None or publication.address is None else [check_publication(publication)]),
    ]


def check_publication(options: PublicationOptions) -> Check:
    """Whether the object store can be reached, read and written to, and keeps the conditions of a write."""
    from serving.objects.probing import prove
    from serving.objects.store import ObjectStore

    try:
        store = ObjectStore(options)
        prove(store)
    except Failure as error:
        return Check("Object store", "fail", str(error), "Nothing can be published until that is mended.")
    return Check("Object store", "ok", f"{store} can be written to, and keeps the conditions of a write")


def package_versions() -> dict[str, str | None]:
    """Installed versions of what makes a stack, None where absent; from package metadata, with no import."""
    found: dict[str, str | None] = {}
    for name in ("tfx", "tensorflow", "keras", "apache-beam"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def c_library() -> tuple[int, int] | None:
    """The GNU C library's version, None where the C library is another."""
    name, version = platform.libc_ver()
    if name != "glibc":
        return None
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def check_stack(versions: Mapping[str, str | None], glibc: tuple[int, int] | None) -> Check:
    """Whether TFX, TensorFlow, Keras and Beam are there and belong together and to the C library."""
    shown = ", ".join(f"{name} {version or 'missing'}" for name, version in versions.items())
    shown += f" on Python {platform.python_version()}"
    remedy = "Run `make setup`: it installs the stack that fits, in .venv."
    tfx, beam = versions.get("tfx"), versions.get("apache-beam")
    if tfx is None or beam is None or None in versions.values():
        return Check("Stack", "fail", shown, remedy)
    newer = _minor(tfx) >= (1, 17)
    if newer and glibc is not None and glibc < NEWER_GLIBC:
        return Check("Stack", "fail", shown, f"This TFX does not load on an older C library. {remedy}")
    if not newer and _minor(beam) >= (2, 63):
        return Check("Stack", "fail", shown, f"This TFX breaks on Beam 2.63 and later. {remedy}")
    if (versions["keras"] or "").split(".")[0] != "3":
        return Check("Stack", "fail", shown, f"The models are written for Keras 3. {remedy}")
    if not newer and glibc is not None and glibc >= NEWER_GLIBC:
        return Check("Stack", "warn", shown, "Works, but this system can have TFX 1.21: `make setup`.")
    return Check("Stack", "ok", shown)


def check_c_library(glibc: tuple[int, int] | None) -> Check:
    """Whether TFX's wheels can load."""
    if glibc is None:
        advice = "TFX's wheels need the GNU C library: use Debian, Ubuntu, Fedora or an image made from them."
        return Check("C library", "fail", "not glibc", advice)
    shown = "glibc {}.{}".format(*glibc)
    if glibc < OLDEST_GLIBC:
        return Check(
            "C library", "fail", shown, "The locked wheels need glibc 2.28 or later: use a newer system."
        )
    fits = "TFX 1.21" if glibc >= NEWER_GLIBC else "TFX 1.16 (1.17 and later need glibc 2.39)"
    return Check("C library", "ok", f"{shown}, fit for {fits}")


def openmp() -> bool:
    """Whether OpenMP's runtime is installed, which LightGBM loads and does not bring."""
    try:
        ctypes.CDLL("libgomp.so.1")
    except OSError:
        return False
    return True


def check_openmp(there: bool) -> Check:
    """Whether trees can be grown."""
    if there:
        return Check("OpenMP", "ok", "libgomp can be loaded")
    advice = (
        "Install it (libgomp1 on Debian and Ubuntu, libgomp on Fedora), or set demand_forecasting.trees: 0"
    )
    return Check("OpenMP", "fail", "libgomp.so.1 is not there, which LightGBM loads", advice)


def check_processor(cores: int, flags: set[str]) -> Check:
    """Cores this process may use, and the instructions TensorFlow was compiled for."""
    shown = f"{cores} core{'' if cores == 1 else 's'}, {platform.machine()}"
    if flags and "avx" not in flags:
        advice = "TensorFlow's wheels need AVX, which this processor (or virtual machine) does not offer."
        return Check("Processor", "fail", shown, advice)
    if cores < CORES_COMFORT:
        return Check("Processor", "warn", shown, "Runs take about twice as long as on two cores.")
    return Check("Processor", "ok", shown)


def free_memory(root: Path = Path("/")) -> int | None:
    """Bytes a run may still take: what the kernel calls available, within the container's limit."""
    try:
        lines = (root / "proc/meminfo").read_text().splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return None
    try:
        limit = int((root / "sys/fs/cgroup/memory.max").read_text())
        used = int((root / "sys/fs/cgroup/memory.current").read_text())
    except (OSError, ValueError):  # No control group of its own, or its limit is "max".
        return free
    return min(free, limit - used)


def check_memory(free: int | None) -> Check:
    """Free memory, in bytes."""
    if free is None:
        return Check("Memory", "warn", "unknown", "A run takes 2 to 4 GiB; see that they are free.")
    return _enough("Memory", free, MEMORY_LEAST, MEMORY_COMFORT, "close other programs or set `workers: 1`")


def check_disk(workspace: Path) -> Check:
    """Free space where the workspace is or will be."""
    free = shutil.disk_usage(_existing(workspace)).free
    return _enough("Disk", free, DISK_LEAST, DISK_COMFORT, f"make room on the disk of {workspace}")


def check_permissions(workspace: Path) -> Check:
    """Whether files can be made in the workspace, or in the folder it will be made in."""
    folder = _existing(workspace)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        advice = f"Give yourself write permission on {folder}, or another folder to --workspace."
        return Check("Permissions", "fail", f"{folder}: {error.strerror}", advice)
    return Check("Permissions", "ok", f"{folder} can be written to")


def check_ports(ports: Sequence[Port]) -> Check:
    """Whether this user may listen on loopback, and whether the ports of the services are free there."""
    if reason := _taken(0):
        advice = "Allow listening on 127.0.0.1 (a sandbox may forbid it): the database of a workspace does."
        return Check("Ports", "fail", f"any free port: {reason}", advice)
    taken = {port: reason for port in ports if (reason := _taken(port.number))}
    if taken:
        # No run needs them, and what listens there may be the very service.
        found = "; ".join(f"{port.service} ({port.number}): {reason}" for port, reason in taken.items())
        ways = dict.fromkeys(port.other for port in taken)
        advice = f"If it is not that service which listens there: {'; '.join(ways)}."
        return Check("Ports", "warn", found, advice)
    named = ", ".join(f"{port.service} {port.number}" for port in ports)
    return Check("Ports", "ok", f"127.0.0.1 can be listened on{'; free: ' + named if named else ''}")


def _taken(port: int) -> str:
    """Why a port on loopback cannot be listened on; empty where it can be."""
    with socket.socket() as listener:
        # As servers do, so that connections that have just ended do not count.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            return error.strerror or str(error)
    return ""


def _enough(name: str, free: int, least: int, comfort: int, advice: str) -> Check:
    state: State = "fail" if free < least else "warn" if free < comfort else "ok"
    remedy = "" if state == "ok" else f"A run wants {comfort / GIB:.0f} GiB: {advice}."
    return Check(name, state, f"{free / GIB:.1f} GiB free", remedy)


def _existing(path: Path) -> Path:
    """The path itself, or the nearest folder above it that exists."""
    path = path.absolute()
    return path if path.is_dir() else _existing(path.parent)


def _minor(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def _cpu_flags() -> set[str]:
    """The processor's features, empty where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return set()
    return set(next((line for line in lines if line.startswith("flags")), "").split())
