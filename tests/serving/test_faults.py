"""A push that is killed or that runs out of room at any call that writes; and many pushers at once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.durable import point
from contracts.models import MODELS
from serving.directory.layout import read_state
from tests.places import ROOT
from tests.serving.pairs import make_pair, serving_pair

_HERE = Path(__file__).parent
_ZYGOTE = """
import ctypes, json, os, sys
from pathlib import Path
from contracts.durable import point
from serving.directory.layout import ServingError
from contracts.errors import SystemFault
from serving.directory.pushing import push
from serving.directory.switching import promote, roll_back

shim = ctypes.CDLL(None)
shim.counted.restype = ctypes.c_long
print("ready", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        root, said = Path(asked["root"]), ""
        shim.arm(ctypes.c_long(asked["at"]), asked["mode"])
        try:
            if asked["action"] == "push":
                pair = {m: Path(p) for m, p in asked["pair"].items()}
                push(root, pair, {}, keep=2, canary=asked.get("canary", False))
            else:
                {"rollback": lambda: roll_back(root, None, "test"), "promote": lambda: promote(root, "test")}[
                    asked["action"]]()
            code = 0
        except (ServingError, SystemFault) as error:
            code, said = 2, str(error)
        except BaseException as error:
            code, said = 1, repr(error)
        calls = shim.counted()
        shim.arm(ctypes.c_long(-1), 0)
        os.write(writing, json.dumps([code, calls, said]).encode())
        os._exit(0)
    os.close(writing)
    status = os.waitpid(pid, 0)[1]
    answer = os.read(reading, 65536).decode()
    os.close(reading)
    print(answer if answer else json.dumps([-os.WTERMSIG(status), -1, ""]), flush=True)
"""
KILL, FULL = 0, 1
NEVER = 10**9
STEPS = [5, pytest.param(1, marks=pytest.mark.nightly)]
"""At every fifth of the calls, and at each."""


class Zygote:
    """Runs actions in children of a process whose file-system calls can be made to fail."""

    def __init__(self, library: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _ZYGOTE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | {"LD_PRELOAD": str(library)},
        )
        assert self.process.stdout is not None and self.process.stdout.readline() == "ready\n"

    def act(self, root: Path, action: str, pair: dict[str, Path] | None = None, **how: object) -> list[Any]:
        """[exit code or minus the signal, calls that wrote, what was said]."""
        assert self.process.stdin is not None and self.process.stdout is not None
        named = {model: str(folder) for model, folder in (pair or {}).items()}
        asked = {"root": str(root), "action": action, "pair": named, "at": NEVER, "mode": KILL} | how
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="module")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    library = tmp_path_factory.mktemp("shim") / "faults.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(_HERE / "faults.c"), "-ldl"], check=True
    )
    made = Zygote(library)
    yield made
    made.process.kill()


@pytest.fixture
def poller(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    """Reads the directory again and again while a test goes on, as a process of its own, and never fails."""
    rolls_back = "rollback" in request.node.name
    process = subprocess.Popen(
        [
            sys.executable,
            *("-m", "tests.serving.polling", str(tmp_path / "serving")),
            *(["withdrawals"] if rolls_back else []),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    yield
    said, _ = process.communicate("stop\n")
    counted = json.loads(said)
    assert counted["failures"] == [] and counted["reads"] > 100, counted


def _start(zygote: Zygote, root: Path, pairs: Path, action: str) -> None:
    """A directory on which the action can be done, and which of its files are to be pruned by it."""
    for name in ("a", "b", "c"):
        assert zygote.act(root, "push", make_pair(pairs, name))[0] == 0
    if action == "promote":
        assert zygote.act(root, "push", make_pair(pairs, "d"), canary=True)[0] == 0


def _some(calls: int, step: int) -> Iterator[int]:
    """Each step-th call, and the last one."""
    yield from range(0, calls - 1, step)
    yield calls - 1


_AFTER = {"push": "new", "rollback": "b", "promote": "d"}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("action", ["push", "rollback", "promote"])
def test_killed_at_any_call_that_writes_a_whole_pair_serves_and_the_next_push_succeeds(
    zygote: Zygote, tmp_path: Path, poller: None, action: str, step: int
) -> None:
    root, start, pairs = tmp_path / "serving", tmp_path / "start", tmp_path / "pairs"
    _start(zygote, start, pairs, action)
    pair = make_pair(pairs, "new")
    before = serving_pair(start)
    shutil.copytree(start, tmp_path / "count", symlinks=True)
    code, calls, _ = zygote.act(tmp_path / "count", action, pair)
    assert code == 0
    seen = set()
    for at in _some(calls, step):
        place = tmp_path / f"killed-{at}"
        shutil.copytree(start, place, symlinks=True)
        point(root, str(place))
        assert zygote.act(place, action, pair, at=at)[0] == -9
        shown = serving_pair(place)
        assert shown in (before, _AFTER[action])
        seen.add(shown)
        state = read_state(place)
        assert {int(p.name) for p in (place / MODELS[0]).iterdir()} == set(state.versions)
        assert zygote.act(place, "push", make_pair(pairs, f"next-{at}"))[0] == 0
        assert serving_pair(place) == f"next-{at}"
        assert not list(place.glob(".draft-*"))
        kept = {int(path.name) for path in (place / ".pairs").iterdir()}
        assert kept == set(read_state(place).kept)
        shutil.rmtree(place.with_name(f"killed-{at - 2 * step}"), ignore_errors=True)
    assert seen == {before, _AFTER[action]}
    assert calls > {"push": 100, "rollback": 20, "promote": 20}[action]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("first", [True, False])
def test_a_full_disk_at_any_call_is_told_and_what_served_serves_on(
    zygote: Zygote, tmp_path: Path, first: bool, step: int
) -> None:
    start, pairs = tmp_path / "start", tmp_path / "pairs"
    if not first:
        _start(zygote, start, pairs, "push")
    else:
        start.mkdir()
    pair = make_pair(pairs, "new")
    shutil.copytree(start, tmp_path / "count", symlinks=True)
    _, calls, _ = zygote.act(tmp_path / "count", "push", pair)
    before = serving_pair(start)
    refused = 0
    for at in _some(calls, step):
        place = tmp_path / f"full-{at}"
        shutil.copytree(start, place, symlinks=True)
        code, _, said = zygote.act(place, "push", pair, at=at, mode=FULL)
        shown = serving_pair(place)
        if code == 2:
            refused += 1
            assert "the disk is full" in said and "serves on" in said
            assert shown == before and not list(place.glob(".draft-*"))
        else:
            # Only once the pair serves may what is left to do need room in vain.
            assert code == 0 and shown == "new"
        assert zygote.act(place, "push", make_pair(pairs, f"next-{at}"))[0] == 0
        assert serving_pair(place) == f"next-{at}"
        shutil.rmtree(place)
    assert refused > 50 / step


def test_a_file_system_too_small_for_the_pair(tmp_path: Path) -> None:
    small, pairs = tmp_path / "small", tmp_path / "pairs"
    small.mkdir()
    mounted = ["unshare", "--mount", "sh", "-ec"]
    script = 'mount -t tmpfs -o size=400k none "$1"; shift; exec "$@"'
    if subprocess.run([*mounted, script, "sh", str(small), "true"], capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    for name in ("a", "b"):
        make_pair(pairs, name, 100_000)
    code = """
import sys
from pathlib import Path
from contracts.durable import point
from contracts.models import MODELS
from serving.directory.layout import ServingError
from contracts.errors import SystemFault
from serving.directory.pushing import push
from tests.serving.pairs import serving_pair
root, pairs = Path(sys.argv[1]) / "serving", Path(sys.argv[2])
push(root, {m: pairs / "a" / m for m in MODELS}, {}, keep=2)
try:
    push(root, {m: pairs / "b" / m for m in MODELS}, {}, keep=2)
except (ServingError, SystemFault) as error:
    print(error)
print(serving_pair(root), [path.name for path in root.glob(".draft-*")])
"""
    ran = subprocess.run(
        [*mounted, script, "sh", str(small), sys.executable, "-c", code, str(small), str(pairs)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert ran.returncode == 0, ran.stderr
    message, left = ran.stdout.splitlines()
    assert "the disk is full" in message and "0.2 MiB" in message and left == "a []"


def test_two_pushers_at_once_lose_nothing_and_give_no_number_twice(tmp_path: Path, poller: None) -> None:
    root, pairs = tmp_path / "serving", tmp_path / "pairs"
    rounds = 50
    code = """
import sys
from pathlib import Path
from contracts.durable import point
from contracts.models import MODELS
from serving.directory.pushing import push
from tests.serving.pairs import make_pair
root, pairs, name, rounds = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
made = [make_pair(pairs, f"{name}{i}") for i in range(rounds)]
print("ready", flush=True)
sys.stdin.readline()
for pair in made:
    print(push(root, pair, {}, keep=20, clock=lambda: 100.0).version, flush=True)
"""
    pushers = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(root), str(pairs), name, str(rounds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for name in ("left", "right")
    ]
    for pusher in pushers:
        assert pusher.stdout is not None and pusher.stdout.readline() == "ready\n"
    said = []
    for pusher in pushers:
        assert pusher.stdin is not None
        pusher.stdin.write("go\n")
        pusher.stdin.flush()
    for pusher in pushers:
        out, _ = pusher.communicate()
        assert pusher.returncode == 0
        said.append([int(line) for line in out.split()])
    assert all(versions == sorted(versions) for versions in said)
    # The clock stands still at 100: every number from there on is given once.
    assert sorted(said[0] + said[1]) == list(range(100, 100 + 2 * rounds))
    assert serving_pair(root) in (f"left{rounds - 1}", f"right{rounds - 1}")
