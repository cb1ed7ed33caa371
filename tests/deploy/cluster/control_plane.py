"""Kubernetes' own control plane on loopback, with made-up nodes: what it admits, schedules and refuses is real."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.kubernetes.chart import TOOLS, tool
from tests.deploy.live.programs import free_port, running

NODES = ("node-a", "node-b")
_USERS = {
    "admin": "/O=system:masters/CN=admin",
    "controller-manager": "/CN=system:kube-controller-manager",
    "scheduler": "/CN=system:kube-scheduler",
    "kwok": "/O=system:masters/CN=kwok",
}
_NAMES = "subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc"


@dataclass(frozen=True)
class Cluster:
    """Attributes: kubeconfig: of whoever may do everything."""

    kubeconfig: Path

    def kubectl(self, *arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [tool("kubectl"), f"--kubeconfig={self.kubeconfig}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, input=given, timeout=120)

    def done(self, *arguments: str, given: str | None = None) -> str:
        """What it printed; fails where it was refused."""
        ended = self.kubectl(*arguments, given=given)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def get(self, *arguments: str) -> Any:
        return json.loads(self.done("get", *arguments, "--output=json"))

    def apply(self, *manifests: Mapping[str, Any]) -> None:
        self.done("apply", "--filename=-", given="\n---\n".join(json.dumps(one) for one in manifests))


def _program(name: str) -> str:
    if not (TOOLS / name).exists():
        pytest.skip(f"{name} is not installed; scripts/deploy_tools.sh cluster builds it")
    return str(TOOLS / name)


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def _keys(folder: Path) -> None:
    """A certificate authority, the API server's certificate, and one for each that asks it."""
    _openssl(folder, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ca.key")
    _openssl(
        folder, "req", "-x509", "-new", "-key", "ca.key", "-days", "2", "-subj", "/CN=ca", "-out", "ca.crt"
    )
    _openssl(folder, "genrsa", "-out", "accounts.key", "2048")
    for name, subject in {"apiserver": "/CN=kube-apiserver", **_USERS}.items():
        _openssl(folder, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key")
        _openssl(folder, "req", "-new", "-key", f"{name}.key", "-subj", subject, "-out", f"{name}.csr")
        (folder / f"{name}.ext").write_text(f"extendedKeyUsage=serverAuth,clientAuth\n{_NAMES}\n")
        _openssl(
            folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
            "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.crt",
        )  # fmt: skip


def _kubeconfig(folder: Path, name: str, address: str) -> Path:
    content = {
        "apiVersion": "v1", "kind": "Config", "current-context": "it",
        "clusters": [{"name": "it", "cluster": {
            "server": address, "certificate-authority": str(folder / "ca.crt")}}],
        "users": [{"name": "me", "user": {
            "client-certificate": str(folder / f"{name}.crt"), "client-key": str(folder / f"{name}.key")}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "me"}}],
    }  # fmt: skip
    path = folder / f"{name}.kubeconfig"
    path.write_text(yaml.safe_dump(content))
    return path


def _apiserver(folder: Path, port: int, etcd: int) -> Sequence[str]:
    return [
        _program("kube-apiserver"), f"--etcd-servers=http://127.0.0.1:{etcd}", "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1", f"--secure-port={port}", f"--tls-cert-file={folder}/apiserver.crt",
        f"--tls-private-key-file={folder}/apiserver.key", f"--client-ca-file={folder}/ca.crt",
        "--service-cluster-ip-range=10.96.0.0/16", "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={folder}/accounts.key",
        f"--service-account-signing-key-file={folder}/accounts.key", "--authorization-mode=Node,RBAC",
        "--endpoint-reconciler-type=none", "--anonymous-auth=false", f"--cert-dir={folder}/made",
    ]  # fmt: skip


def _controller(folder: Path, name: str) -> Sequence[str]:
    config = folder / f"{name}.kubeconfig"
    return [
        _program(f"kube-{name}"), f"--kubeconfig={config}", f"--authentication-kubeconfig={config}",
        f"--authorization-kubeconfig={config}", "--bind-address=127.0.0.1", f"--secure-port={free_port()}",
        "--leader-elect=false", f"--cert-dir={folder}/made",
    ]  # fmt: skip


@contextmanager
def control_plane(folder: Path) -> Iterator[Cluster]:
    """A cluster with two nodes that are made up, for as long as the block lasts.

    Args:
        folder: an empty one, for its keys, its store and its logs.
    """
    _keys(folder)
    port, etcd, peers = free_port(), free_port(), free_port()
    configs = {name: _kubeconfig(folder, name, f"https://127.0.0.1:{port}") for name in _USERS}
    cluster = Cluster(configs["admin"])

    def answers() -> object:
        return True if cluster.kubectl("get", "--raw", "/readyz").returncode == 0 else None

    with ExitStack() as programs:

        def start(name: str, command: Sequence[str], ready: Any) -> None:
            programs.enter_context(running(command, folder / f"{name}.log", ready, cwd=folder, seconds=240))

        client, peer = f"http://127.0.0.1:{etcd}", f"http://127.0.0.1:{peers}"
        start("etcd", [
            _program("etcd"), f"--data-dir={folder}/etcd", f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}", f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}", "--unsafe-no-fsync",
        ], f"{client}/health")  # fmt: skip
        start("apiserver", _apiserver(folder, port, etcd), answers)
        start("controller-manager", [
            *_controller(folder, "controller-manager"), "--use-service-account-credentials",
            f"--service-account-private-key-file={folder}/accounts.key", f"--root-ca-file={folder}/ca.crt",
            "--horizontal-pod-autoscaler-sync-period=2s",
        ], answers)  # fmt: skip
        start("scheduler", _controller(folder, "scheduler"), answers)
        start("kwok", [
            _program("kwok"), f"--kubeconfig={configs['kwok']}", "--manage-all-nodes=true",
            f"--config={TOOLS}/kwok-stages.yaml", f"--server-address=127.0.0.1:{free_port()}",
        ], answers)  # fmt: skip
        size = {"cpu": "32", "memory": "128Gi", "pods": "110"}
        cluster.apply(*(
            {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
             "status": {"allocatable": size, "capacity": size}} for name in NODES
        ))  # fmt: skip
        yield cluster
