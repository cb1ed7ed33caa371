"""Debian 13 machines booted by systemd-nspawn, in a network of their own that nothing outside can reach."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.places import ROOT

OWN = ROOT / ".cache" / "machines"
"""Where scripts/deploy_tools.sh machines puts the system that machines start from, and what their packages were."""
PACKAGES = "/var/cache/packages"
"""Where machines see packages of Python that were fetched before."""
AUTHORITY = "/etc/site-authority.crt"
"""Where machines have the certificates that this machine's package index is trusted by."""
_GATEWAY, _NAMES, _OURS, _FIRST = "10.77.0.2", "10.77.0.3", "10.77.0.1", 11
_SSH = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ConnectTimeout=5")
_NEEDED = (
    "systemd-nspawn",
    "slirp4netns",
    "ip",
    "ssh",
    "ssh-keygen",
    "unshare",
    "setpriv",
    "openssl",
    "psql",
    "curl",
)


def _ran(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"


@dataclass(frozen=True)
class Machine:
    """Attributes: name: as others call it; address: in the lab's network; lab: the network's namespace."""

    name: str
    address: str
    lab: str
    key: Path

    @property
    def ssh_options(self) -> tuple[str, ...]:
        return ("-i", str(self.key), *(f"-o{option}" for option in _SSH))

    def tried(self, command: str, given: str = "", timeout: float = 900) -> subprocess.CompletedProcess[str]:
        """A command of its shell, as root."""
        called = ["ip", "netns", "exec", self.lab, "ssh", *self.ssh_options, f"root@{self.address}", command]
        return subprocess.run(called, capture_output=True, text=True, input=given, timeout=timeout)

    def done(self, command: str, given: str = "", timeout: float = 900) -> str:
        """What it printed; fails where it failed."""
        ended = self.tried(command, given, timeout)
        assert ended.returncode == 0, (
            f"{command}: {ended.returncode}\n{ended.stdout[-4000:]}{ended.stderr[-4000:]}"
        )
        return ended.stdout


@dataclass(frozen=True)
class Lab:
    """Attributes: namespace: of its network; machines: by name."""

    namespace: str
    machines: Mapping[str, Machine]

    def called(
        self, *command: str, environment: Mapping[str, str] | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """A program of ours in the lab's network, where it has an address beside the machines."""
        return subprocess.run(
            ["ip", "netns", "exec", self.namespace, *command],
            capture_output=True, text=True, timeout=timeout, env={**os.environ, **(environment or {})},
        )  # fmt: skip


def _check() -> Path:
    if os.geteuid() != 0:
        pytest.skip("booting machines needs root")
    for name in _NEEDED:
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed; scripts/deploy_tools.sh machines says how")
    system = OWN / "debian13"
    if not (system / ".complete").exists():
        pytest.skip("there is no system to boot; scripts/deploy_tools.sh machines makes it")
    return system


@contextmanager
def _network(namespace: str, folder: Path) -> Iterator[None]:
    """A bridge, and a way out for packages; what is on this machine's loopback is out of reach."""
    _ran("ip", "netns", "add", namespace)
    inside = ("ip", "-n", namespace)
    try:
        _ran(*inside, "link", "set", "lo", "up")
        _ran(*inside, "link", "add", "bridge", "type", "bridge")
        _ran(*inside, "addr", "add", f"{_OURS}/24", "dev", "bridge")
        _ran(*inside, "link", "set", "bridge", "up")
        with (folder / "network.log").open("wb") as log:
            out = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "slirp4netns", "--netns-type=path", "--cidr=10.77.0.0/24",
                 "--disable-host-loopback", f"/run/netns/{namespace}", "tap0"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            _until(
                lambda: (
                    subprocess.run([*inside, "link", "show", "tap0"], capture_output=True).returncode == 0
                ),
                20,
            )
            _ran(*inside, "link", "set", "tap0", "up")
            _ran(*inside, "link", "set", "tap0", "master", "bridge")
            yield
        finally:
            out.kill()
            out.wait()
    finally:
        _ran("ip", "netns", "del", namespace)


def _until(found: object, seconds: float) -> None:
    assert callable(found)
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.2)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@contextmanager
def _booted(machine: Machine, names: str, system: Path, folder: Path) -> Iterator[None]:
    """A machine whose changes are in folder; the system that it starts from stays as it is."""
    namespace = f"{machine.lab}-{machine.address.rpartition('.')[2]}"
    own, work, root = (folder / name for name in ("own", "work", "root"))
    for path in (own, work, root, OWN / "packages"):
        path.mkdir(parents=True) if not path.exists() else None
    _write(own / "etc/hostname", machine.name + "\n")
    _write(own / "etc/hosts", f"127.0.0.1 localhost\n{names}")
    _write(own / "etc/resolv.conf", f"nameserver {_NAMES}\n")
    _write(own / "root/.ssh/authorized_keys", machine.key.with_suffix(".pub").read_text())
    (own / "root/.ssh").chmod(0o700)
    (own / "root").chmod(0o700)
    site = Path(os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"))
    _write(own / AUTHORITY[1:], site.read_text())
    (own / "etc/ssh").mkdir(parents=True)
    _ran("ssh-keygen", "-q", "-A", "-f", str(own))
    link = f"m{machine.address.rpartition('.')[2]}"
    _ran("ip", "netns", "add", namespace)
    try:
        _ran(
            "ip",
            "-n",
            machine.lab,
            "link",
            "add",
            link,
            "type",
            "veth",
            "peer",
            "name",
            "host0",
            "netns",
            namespace,
        )
        _ran("ip", "-n", machine.lab, "link", "set", link, "master", "bridge", "up")
        for command in (
            ("link", "set", "lo", "up"), ("addr", "add", f"{machine.address}/24", "dev", "host0"),
            ("link", "set", "host0", "up"), ("route", "add", "default", "via", _GATEWAY),
        ):  # fmt: skip
            _ran("ip", "-n", namespace, *command)
        # In a mount namespace of its own, so that nothing stays mounted however this ends.
        start = (
            f"mount -t overlay overlay -o lowerdir={system},upperdir={own},workdir={work} {root} && "
            f"exec systemd-nspawn --quiet --directory={root} --machine={namespace} --register=no --keep-unit "
            f"--network-namespace-path=/run/netns/{namespace} --resolv-conf=off --link-journal=no --console=pipe "
            f"--bind={OWN}/packages:{PACKAGES} --boot systemd.unified_cgroup_hierarchy=0 "
            "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1"
        )
        with (folder / "console.log").open("wb") as log:
            running = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "sh", "-c", start],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            _until(
                lambda: machine.tried("systemctl is-system-running --wait").stdout.strip() == "running", 120
            )
            yield
        finally:
            running.terminate()
            try:
                running.wait(30)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()
    finally:
        _ran("ip", "netns", "del", namespace)
        _ran("rm", "-rf", "--one-file-system", str(own), str(work))


@contextmanager
def lab(folder: Path, *names: str) -> Iterator[Lab]:
    """Machines that know each other by name, for as long as the block lasts.

    Args:
        folder: an empty one, not on an overlay.
        names: host names of the machines.
    """
    system = _check()
    namespace = f"{folder.name}-{os.getpid()}"
    key = folder / "key"
    _ran("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    machines = {
        name: Machine(name, f"10.77.0.{_FIRST + number}", namespace, key) for number, name in enumerate(names)
    }
    known = "".join(f"{machine.address} {name}\n" for name, machine in machines.items())
    with ExitStack() as stack:
        stack.enter_context(_network(namespace, folder))
        for name, machine in machines.items():
            stack.enter_context(_booted(machine, known, system, folder / name))
        yield Lab(namespace, machines)
