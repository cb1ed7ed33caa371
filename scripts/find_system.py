"""What this machine offers: C library, fitting Python, C++ compiler. Each missing thing is one sentence.

Standard library only and Python 3.6 syntax: it runs before anything is installed.
"""

import glob
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from typing import Dict, Iterator, NamedTuple, Optional, Sequence, Tuple

Version = Tuple[int, int]

# TensorFlow Data Validation's and ML Metadata's wheels of TFX 1.17 and later need this C library;
# TFX 1.16 is the last whose whole set loads on an older one, and it wants Python 3.10.
NEWER_GLIBC = (2, 39)
OLDEST_GLIBC = (2, 28)
NEWER_PYTHONS = ((3, 13), (3, 12))
OLDER_PYTHONS = ((3, 10),)

PROBE = """
import json, os, platform, sys, sysconfig
print(json.dumps({
    "path": getattr(sys, "_base_executable", None) or sys.executable,
    "version": list(sys.version_info[:2]),
    "usable": platform.python_implementation() == "CPython" and sys.maxsize > 2**32
              and not sysconfig.get_config_var("Py_GIL_DISABLED"),
    "headers": os.path.isfile(os.path.join(sysconfig.get_paths()["include"], "Python.h")),
}))
"""


class Missing(Exception):
    """Something the user has to install first; the message is one sentence that says what."""


Interpreter = NamedTuple("Interpreter", [("path", str), ("version", Version), ("headers", bool)])


def c_library() -> Tuple[int, int]:
    """The GNU C library's version.

    Raises:
        Missing: the machine is not Linux on x86_64, or its C library is not glibc 2.28 or later.
    """
    system, machine = platform.system(), platform.machine()
    if system != "Linux" or machine not in ("x86_64", "AMD64"):
        raise Missing(
            "TFX's wheels exist for Linux on x86_64 only, and this is {} on {}: use such a machine, "
            "a virtual machine or a container.".format(system, machine)
        )
    try:
        _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()  # The same as getconf prints.
        major, minor = version.split(".")[:2]
        found = (int(major), int(minor))
    except (ValueError, OSError):
        raise Missing(
            "TFX's wheels need the GNU C library, and this system has another (musl, as on Alpine?): "
            "use Debian, Ubuntu, Fedora or an image made from them."
        )
    if found < OLDEST_GLIBC:
        raise Missing(
            "The locked wheels need glibc {}.{} or later, and this system has {}: use a newer one.".format(
                OLDEST_GLIBC[0], OLDEST_GLIBC[1], version
            )
        )
    return found


def wanted_pythons(glibc: Tuple[int, int]) -> Sequence[Version]:
    """The Python versions of the stack that loads with this C library, best first."""
    return NEWER_PYTHONS if glibc >= NEWER_GLIBC else OLDER_PYTHONS


def probe(path: str) -> Optional[Interpreter]:
    """Asks an interpreter what it is; None where it does not run (as some of pyenv's shims)."""
    try:
        out = subprocess.run(
            [path, "-E", "-s", "-c", PROBE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=30,
        )
        answer = json.loads(out.stdout.decode())
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    if out.returncode != 0 or not answer["usable"]:
        return None
    major, minor = answer["version"]
    return Interpreter(answer["path"], (major, minor), answer["headers"])


def _pyenv_roots(environment: Dict[str, str]) -> Iterator[str]:
    if environment.get("PYENV_ROOT"):
        yield environment["PYENV_ROOT"]
    pyenv = shutil.which("pyenv", path=environment.get("PATH", ""))
    if pyenv:
        # Not the home folder of whoever installed it: the program itself knows where its versions are.
        yield os.path.dirname(os.path.dirname(os.path.realpath(pyenv)))
        try:
            out = subprocess.run(
                [pyenv, "root"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30
            )
            yield out.stdout.decode().strip()
        except (OSError, subprocess.SubprocessError):
            pass
    for folder in environment.get("PATH", "").split(os.pathsep):
        if os.path.basename(folder) == "shims":
            yield os.path.dirname(folder)
    if environment.get("HOME"):
        yield os.path.join(environment["HOME"], ".pyenv")


def _candidates(wanted: Sequence[Version], environment: Dict[str, str]) -> Iterator[str]:
    for major, minor in wanted:
        for name in ("python{}.{}".format(major, minor), "python3", "python"):
            for folder in environment.get("PATH", "").split(os.pathsep):
                yield os.path.join(folder, name)
        for root in _pyenv_roots(environment):
            pattern = os.path.join(root, "versions", "{}.{}.*".format(major, minor), "bin", "python3")
            yield from sorted(glob.glob(pattern), reverse=True)


def find_python(wanted: Sequence[Version], environment: Dict[str, str]) -> Optional[Interpreter]:
    """The first fitting interpreter on PATH or of pyenv's; one with headers goes before one without."""
    bare, seen = None, set()
    for path in _candidates(wanted, environment):
        if path in seen or not os.access(path, os.X_OK):
            continue
        seen.add(path)
        found = probe(path)
        if found is None or found.version not in wanted:
            continue
        if found.headers:
            return found
        bare = bare or found
    return bare


def missing_python(wanted: Sequence[Version], glibc: Tuple[int, int]) -> Missing:
    """The sentence for a machine without a fitting Python."""
    names = " or ".join("{}.{}".format(*version) for version in reversed(list(wanted)))
    install = (
        "apt install python3 python3-venv python3-dev"
        if wanted is NEWER_PYTHONS
        else "pyenv install {}.{}".format(*wanted[0])
    )
    return Missing(
        "Python {} is needed beside this system's C library (glibc {}.{}), and none that runs is on PATH, in "
        "pyenv's versions folder or to be had by uv's own download: install it (such as with `{}`) and run "
        "this again.".format(names, glibc[0], glibc[1], install)
    )


def check_headers(python: Interpreter) -> None:
    """Raises Missing where the interpreter's C headers are not installed."""
    if not python.headers:
        name = "python{}.{}".format(*python.version)
        raise Missing(
            "The C headers (Python.h) of {} are missing, and a package of TensorFlow Data Validation is "
            "compiled against them: install them (on Debian and Ubuntu: apt install {}-dev) and run this "
            "again.".format(python.path, name)
        )


def find_compiler(environment: Dict[str, str]) -> Dict[str, str]:
    """CC and CXX of a C++ compiler that compiles.

    Raises:
        Missing: there is none.
    """
    pairs = [("gcc", "g++"), ("cc", "c++"), ("clang", "clang++")]
    if environment.get("CXX"):
        pairs.insert(0, (environment.get("CC", environment["CXX"]), environment["CXX"]))
    for cc, cxx in pairs:
        program = shutil.which(cxx.split()[0], path=environment.get("PATH", ""))
        if (
            program
            and shutil.which(cc.split()[0], path=environment.get("PATH", ""))
            and _compiles(cxx, environment)
        ):
            return {"CC": cc, "CXX": cxx}
    raise Missing(
        "No working C++ compiler was found, and a package of TensorFlow Data Validation comes as source: "
        "install one (on Debian and Ubuntu: apt install g++) and run this again."
    )


def _compiles(cxx: str, environment: Dict[str, str]) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "probe.cc")
        with open(source, "w") as out:
            out.write("#include <string>\nint main() { return std::string().size(); }\n")
        try:
            done = subprocess.run(
                cxx.split() + ["-c", source, "-o", os.path.join(folder, "probe.o")],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=120,
            )
        except (OSError, subprocess.SubprocessError):
            return False
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit("Run scripts/setup.sh, or `make setup`.")
