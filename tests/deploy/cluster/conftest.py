"""One control plane for all tests, and a namespace that accepts restricted pods alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.deploy.cluster.control_plane import Cluster, control_plane

NAMESPACE = "retail"


def namespace(name: str) -> dict[str, Any]:
    labels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def volume(name: str) -> dict[str, Any]:
    """Nothing here makes volumes, so there is one to be claimed."""
    spec = {
        "capacity": {"storage": "500Gi"}, "accessModes": ["ReadWriteMany", "ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain", "nfs": {"server": "192.0.2.1", "path": f"/{name}"},
    }  # fmt: skip
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec}


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with control_plane(tmp_path_factory.mktemp("cluster")) as made:
        made.apply(namespace(NAMESPACE), namespace("airflow"), volume("shop"))
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "retail-token", "namespace": NAMESPACE},
        }
        made.apply({**secret, "stringData": {"token": "a-token-for-this-test"}})
        yield made
