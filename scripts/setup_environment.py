"""Makes .venv with the stack that loads on this machine: `make setup`. Does nothing where nothing changed.

Standard library only and Python 3.6 syntax: it runs before anything is installed.
"""

import argparse
import fcntl
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from typing import Dict, List, Optional, Sequence

import find_system
from find_system import Interpreter, Missing, Version

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CACHE = os.path.join(ROOT, ".cache")
LOCK = os.path.join(ROOT, "requirements.lock")
UV_PIN = os.path.join(ROOT, "scripts", "uv.txt")


class Failed(Exception):
    """A step that should have worked did not; its own output came before."""


def say(text: str) -> None:
    """Progress, at once and on stdout."""
    print("setup: " + text, flush=True)


def run(command: Sequence[str], environment: Dict[str, str], what: str) -> None:
    """Runs one step of the set-up from the repository.

    Raises:
        Failed: it ended with an error.
    """
    done = subprocess.run(list(command), env=environment, cwd=ROOT, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise Failed(
            "{} failed; its messages are above. `{}`".format(what, " ".join(map(shlex.quote, command)))
        )


def fingerprint(glibc: Sequence[int], venv: str, requirements: str) -> str:
    """Changes whenever the environment has to be made anew; its scripts hold the checkout's path."""
    digest = hashlib.sha256(repr((tuple(glibc), ROOT, venv)).encode())
    names = [requirements, UV_PIN, os.path.join(ROOT, "pyproject.toml"), os.path.join(ROOT, "setup.py")]
    for name in names:
        with open(name, "rb") as file:
            digest.update(file.read() + b"\0")
    return digest.hexdigest()


def clean_environment() -> Dict[str, str]:
    """The user's environment, less what would bend the set-up: other environments and the ban on bytecode."""
    environment = dict(os.environ)
    for name in ("PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "CONDA_PREFIX"):
        environment.pop(name, None)
    return environment


def can_make_venv(python: str) -> bool:
    """Whether an interpreter has venv with pip (Debian's needs python3-venv) and is new enough for uv."""
    code = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 8))"
    done = subprocess.run(
        [python, "-E", "-s", "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return done.returncode == 0


def install_uv(pythons: Sequence[str], environment: Dict[str, str]) -> str:
    """Installs the pinned uv from the package index into a folder of the project; returns its program.

    Raises:
        Missing: no interpreter here can make a virtual environment.
    """
    with open(UV_PIN, "rb") as file:
        key = hashlib.sha256(file.read()).hexdigest()[:12]
    folder = os.path.join(CACHE, "uv-" + key)
    program = os.path.join(folder, "bin", "uv")
    if os.path.exists(program):
        return program
    python = next((path for path in pythons if can_make_venv(path)), None)
    if python is None:
        raise Missing(
            "{} lacks the modules venv and ensurepip: install them (on Debian and Ubuntu: apt install "
            "python3-venv) and run this again.".format(pythons[0])
        )
    say("installing uv into .cache")
    shutil.rmtree(folder, ignore_errors=True)
    run([python, "-m", "venv", folder], environment, "Making an environment for uv")
    pip = [os.path.join(folder, "bin", "python"), "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    try:
        run(pip + ["--no-deps", "--require-hashes", "-r", UV_PIN], environment, "Installing uv")
    except Failed:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return program


def with_pip_settings(uv: str, environment: Dict[str, str]) -> Dict[str, str]:
    """Hands pip's index settings on to uv, which does not read them; uv's own variables win."""
    python = os.path.join(os.path.dirname(uv), "python")
    listed = subprocess.run(
        [python, "-m", "pip", "config", "list"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    found = {}  # type: Dict[str, str]
    for line in listed.stdout.decode().splitlines():
        name, _, value = line.partition("=")
        section, _, option = name.partition(".")
        if section in ("global", "install") or (section == ":env:" and value):
            found[option] = value.strip().strip("'\"").replace("\\n", " ")
    result = dict(environment)
    uv_index_set = any(environment.get(name) for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX"))
    if not uv_index_set and found.get("index-url"):
        result["UV_DEFAULT_INDEX"] = found["index-url"]
    if not uv_index_set and not environment.get("UV_EXTRA_INDEX_URL") and found.get("extra-index-url"):
        result["UV_INDEX"] = found["extra-index-url"]
    if not environment.get("SSL_CERT_FILE") and os.path.isfile(found.get("cert", "")):
        result["SSL_CERT_FILE"] = found["cert"]
    return result


def download_python(uv: str, wanted: Sequence[Version], environment: Dict[str, str]) -> Optional[Interpreter]:
    """The last resort: uv's own build of Python, where it has one already or may download it."""
    version = "{}.{}".format(*wanted[0])
    for attempt in ("find", "install"):
        if attempt == "install":
            say("no fitting Python here: asking uv for {}".format(version))
            quiet = subprocess.DEVNULL
            subprocess.run([uv, "python", "install", version], env=environment, stdout=quiet, stderr=quiet)
        command = [uv, "python", "find", "--managed-python", "--no-python-downloads", version]
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=CACHE
        )
        if done.returncode == 0:
            return find_system.probe(done.stdout.decode().strip())
    return None


def install(python: Interpreter, uv: str, venv: str, requirements: str, environment: Dict[str, str]) -> None:
    """Makes the environment equal to the lock: hashes checked, bytecode compiled."""
    venv_python = os.path.join(venv, "bin", "python")
    present = find_system.probe(venv_python) if os.path.exists(venv_python) else None
    if present is None or present.version != python.version:
        run([uv, "venv", "-q", "--clear", "--python", python.path, venv], environment, "Making " + venv)
    say(
        "installing the locked packages for Python {}.{} (some minutes the first time)".format(
            *python.version
        )
    )
    sync = [uv, "pip", "sync", "-q", "--python", venv_python, "--require-hashes", "--compile-bytecode"]
    # What builds the source packages comes from the same lock, so nothing unpinned is ever downloaded.
    sync += ["--build-constraints", LOCK, requirements]
    run(sync, environment, "Installing the locked packages")
    if requirements == LOCK:
        project = [uv, "pip", "install", "-q", "--python", venv_python, "--no-deps", "--no-build-isolation"]
        run(project + ["--editable", ROOT], environment, "Installing the project itself")


def set_up(
    venv: str, requirements: str, chosen: Optional[str], pythons: Optional[Sequence[Version]] = None
) -> None:
    """Checks the machine, then installs; nothing is done where the stamp says that nothing changed.

    Args:
        venv: folder of the environment.
        requirements: hashed file of what it holds.
        chosen: an interpreter to use instead of looking for one.
        pythons: versions that will do, best first, for an environment that compiles nothing; None: those of the
            pipeline's own stack, which needs a compiler.

    Raises:
        Missing: the user has to install something first.
        Failed: a step failed.
    """
    glibc = find_system.c_library()
    mark = fingerprint(glibc, venv, requirements)
    stamp = os.path.join(venv, ".setup-stamp")
    if os.path.exists(stamp) and os.access(os.path.join(venv, "bin", "python"), os.X_OK):
        with open(stamp) as file:
            if file.read() == mark:
                return
    environment = clean_environment()
    wanted = pythons or find_system.wanted_pythons(glibc)
    if not pythons:
        environment.update(find_system.find_compiler(environment))
    python = find_system.probe(chosen) if chosen else find_system.find_python(wanted, environment)
    if chosen and (python is None or python.version not in wanted):
        names = " or ".join("{}.{}".format(*version) for version in wanted)
        raise Missing(
            "{} is not a Python {} that runs, which glibc {}.{} asks for.".format(chosen, names, *glibc)
        )
    uv = install_uv([sys.executable] if python is None else [python.path, sys.executable], environment)
    environment = with_pip_settings(uv, environment)
    python = python or download_python(uv, wanted, environment)
    if python is None:
        raise find_system.missing_python(wanted, glibc)
    if not pythons:
        find_system.check_headers(python)
    say("glibc {}.{}: {} (Python {}.{})".format(*glibc, python.path, *python.version))
    if os.path.exists(stamp):
        os.remove(stamp)
    install(python, uv, venv, requirements, environment)
    with open(stamp, "w") as out:
        out.write(mark)
    say("ready: " + os.path.relpath(venv, ROOT))


def _versions(text: Optional[str]) -> List[List[str]]:
    return [version.split(".") for version in text.split(",")] if text else []


def main(arguments: Optional[List[str]] = None) -> int:
    """Exit code 0: ready; 1: a step failed; 2: something has to be installed first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", help="an interpreter to use instead of looking for one")
    parser.add_argument("--venv", default=".venv", help="the environment's folder (default: .venv)")
    parser.add_argument(
        "--requirements", default=LOCK, help="the hashed file to install (default: requirements.lock)"
    )
    parser.add_argument(
        "--pythons", help="versions that will do, best first, such as 3.13,3.12 (default: the pipeline's own)"
    )
    parser.add_argument("--optional", action="store_true", help="what is missing is said, and is no failure")
    options = parser.parse_args(arguments)
    pythons = [(int(major), int(minor)) for major, minor in _versions(options.pythons)]
    venv = os.path.join(ROOT, options.venv)
    try:
        os.makedirs(CACHE, exist_ok=True)
        with open(os.path.join(CACHE, "setup.lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # Two calls at once: the second waits, then finds all done.
            set_up(venv, os.path.abspath(options.requirements), options.python or None, pythons)
    except Missing as problem:
        print("setup: {}: {}".format(options.venv, problem), file=sys.stderr)
        return 0 if options.optional else 2
    except Failed as problem:
        print("setup: {}".format(problem), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
