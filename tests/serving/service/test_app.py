"""The service's doors: places, labels, tokens, health, metrics, and what it does when the directory changes."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from contracts.durable import checksums
from contracts.models import MODELS
from serving.directory.layout import CARD_FILE, EXTRA, model_folder, read_manifest, read_state
from serving.directory.pushing import push
from serving.directory.switching import promote, roll_back
from serving.service import app as app_module
from serving.service import bodies
from serving.service.app import build_app
from serving.service.guard import Guard
from serving.service.guesses import Guesses
from serving.service.holder import Holder

pytestmark = pytest.mark.usefixtures("remembered_models")

DEMAND = MODELS[0]
Json = Any
TOKEN = "a-token-of-enough-letters"


def body(instances: list[Json]) -> bytes:
    return json.dumps({"signature_name": "raw_tensors", "instances": instances[:1]}).encode()


def metric(client: TestClient, name: str) -> dict[tuple[str, ...], float]:
    text = client.get("/metrics").text
    return {
        tuple(sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


def variant(root: Path, folder: Path, name: str) -> dict[str, Path]:
    """The newest pair once more, with a file more, so that it is another."""
    state = read_state(root)
    made = {}
    for model in MODELS:
        made[model] = folder / name / model
        shutil.copytree(model_folder(root, max(state.versions), model), made[model])
        (made[model] / EXTRA / "note").write_text(name)
    return made


@pytest.fixture
def holder(root: Path) -> Holder:
    return Holder(root)


@pytest.fixture
def changing(holder: Holder) -> Iterator[TestClient]:
    """A service on a directory of its own; it looks when it is told to."""
    with TestClient(build_app(holder, poll_seconds=3600), raise_server_exceptions=False) as made:
        yield made


def test_places_of_a_model(client: TestClient, pushed: Path, instances: list[Json]) -> None:
    stable = read_state(pushed).stable
    base = f"/v1/models/{DEMAND}"
    whole = client.post(f"{base}:predict", content=body(instances)).json()
    for place in (f"/versions/{stable}", "/labels/stable"):
        assert client.post(f"{base}{place}:predict", content=body(instances)).json() == whole
    for place in ("/versions/1", "/labels/canary"):
        assert client.post(f"{base}{place}:predict", content=body(instances)).status_code == 404
    assert client.post("/v1/models/other:predict", content=b"{}").json() == {
        "error": "no model 'other'; there are demand_forecasting and replenishment_optimization"
    }
    assert client.put(f"{base}:predict").status_code == 405
    assert "error" in client.get("/nowhere").json()


def test_status_and_metadata_are_tensorflow_servings(client: TestClient, pushed: Path) -> None:
    stable = str(read_state(pushed).stable)
    for place in ("", f"/versions/{stable}", "/labels/stable"):
        status = client.get(f"/v1/models/{DEMAND}{place}").json()["model_version_status"]
        assert [(found["version"], found["state"]) for found in status] == [(stable, "AVAILABLE")]
    found = client.get(f"/v1/models/{DEMAND}/metadata").json()
    assert found["model_spec"] == {"name": DEMAND, "signature_name": "", "version": stable}
    signature = found["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert signature["inputs"]["examples"]["dtype"] == "DT_STRING"
    assert set(signature["outputs"]) == {"quantiles", "demand", "levels"}


def test_the_token_is_asked_for_everywhere_but_for_health(
    pushed: Path, instances: list[Json], tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(TOKEN)
    guard = Guard(tmp_path / "token", Guesses(burst=1000))
    with TestClient(build_app(Holder(pushed), guard)) as client:
        for method, path in (
            ("POST", f"/v1/models/{DEMAND}:predict"), ("GET", f"/v1/models/{DEMAND}"), ("GET", "/metrics"),
            ("GET", f"/v1/models/{DEMAND}/metadata"), ("GET", "/monitoring/prometheus/metrics"),
        ):  # fmt: skip
            for given in (None, "Bearer", f"Bearer {TOKEN}x", TOKEN, f"Basic {TOKEN}", "Bearer ä"):
                headers = {"Authorization": given.encode()} if given else {}
                reply = client.request(method, path, headers=headers, content=body(instances))
                assert reply.status_code == 401 and "token" in reply.json()["error"]
            right = {"Authorization": f"Bearer {TOKEN}"}
            assert client.request(method, path, headers=right, content=body(instances)).status_code == 200
        assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200


def test_an_empty_directory_is_alive_and_not_ready(tmp_path: Path, instances: list[Json]) -> None:
    with TestClient(build_app(Holder(tmp_path))) as client:
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
        reply = client.post(f"/v1/models/{DEMAND}:predict", content=body(instances))
        assert (reply.status_code, reply.json()["error"]) == (503, "no pair was pushed yet; run the pipeline")


def test_a_body_that_is_too_large_is_not_read_to_its_end(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "MAX_BODY", 2**20)
    reply = client.post(f"/v1/models/{DEMAND}:predict", content=b" " * (2**20 + 1))
    assert reply.status_code == 413 and "larger than 1 MiB" in reply.json()["error"]


def test_metrics_count_what_was_asked(changing: TestClient, instances: list[Json], root: Path) -> None:
    for content in (body(instances), body(instances), b"{}"):
        changing.post(f"/v1/models/{DEMAND}:predict", content=content)
    changing.post("/v1/models/what?ever:predict")
    changing.post("/v1/models/whatever:predict")
    requests = metric(changing, "retail_inventory_requests_total")
    assert requests == {("200", DEMAND): 2, ("400", DEMAND): 1, ("404", "unknown"): 1}
    assert metric(changing, "retail_inventory_rows_total") == {(DEMAND,): 2}
    assert metric(changing, "retail_inventory_request_seconds_count") == {(DEMAND,): 2}
    assert metric(changing, "retail_inventory_version") == {("stable",): read_state(root).stable}
    assert metric(changing, "retail_inventory_reloads_total") == {(): 1}
    assert metric(changing, "retail_inventory_reload_failed") == {(): 0}
    assert metric(changing, "retail_inventory_requests_in_flight") == {(): 0}
    assert metric(changing, "process_resident_memory_bytes")[()] > 1e8
    assert metric(changing, "python_info") and metric(changing, "python_gc_collections_total")


def test_the_age_of_a_pair_grows_from_its_push_on(root: Path, changing: TestClient) -> None:
    pushed = datetime.fromisoformat(read_manifest(root, read_state(root).stable or 0)["pushed_at"])
    before = time.time()
    (age,) = metric(changing, "retail_inventory_model_age_seconds").values()
    after = time.time()
    assert before - pushed.timestamp() <= age <= after - pushed.timestamp()


def test_it_follows_pushes_canaries_promotions_and_roll_backs(
    holder: Holder, changing: TestClient, root: Path, tmp_path: Path, instances: list[Json]
) -> None:
    def shown() -> tuple[int, ...]:
        holder.refresh()
        content = changing.get("/readyz").json()
        for label, version in content.items():
            reply = changing.post(f"/v1/models/{DEMAND}/labels/{label}:predict", content=body(instances))
            assert reply.status_code == 200
            assert changing.get(f"/v1/models/{DEMAND}/versions/{version}").status_code == 200
        return tuple(int(version) for version in content.values())

    first = read_state(root).stable
    assert shown() == (first,)
    second = push(root, variant(root, tmp_path, "b"), {}, keep=3, canary=True).version
    assert shown() == (first, second)
    promote(root, "test")
    assert shown() == (second,)
    roll_back(root, None, "test")
    assert shown() == (first,)
    assert not holder.refresh()


@pytest.mark.parametrize("damage", ["mixed", "file", "card"])
def test_a_pair_that_is_none_is_refused_and_the_old_one_answers_on(
    holder: Holder, changing: TestClient, root: Path, tmp_path: Path, instances: list[Json], damage: str
) -> None:
    before = read_state(root)
    version = push(root, variant(root, tmp_path, "b"), {}, keep=3).version
    folder = model_folder(root, version, MODELS[1])
    if damage == "mixed":
        card = json.loads((folder / EXTRA / CARD_FILE).read_text())
        (folder / EXTRA / CARD_FILE).write_text(json.dumps({**card, "transform_graph": "another"}))
        manifest = folder.parent / "manifest.json"
        content = json.loads(manifest.read_text())
        name = f"{MODELS[1]}/{EXTRA}/{CARD_FILE}"
        content["files"][name] = checksums(folder.parent)[name]
        manifest.write_text(json.dumps(content))
    elif damage == "file":
        (folder / "variables" / "variables.index").write_bytes(b"?")
    else:
        (folder / EXTRA / CARD_FILE).unlink()
    assert not holder.refresh()
    reply = changing.get("/readyz")
    assert reply.status_code == 200 and reply.json()["stable"] == str(before.stable)
    assert {
        "mixed": "different transform graphs",
        "file": "not as they were pushed",
        "card": "not as they were",
    }[damage] in reply.json()["failure"]
    assert changing.post(f"/v1/models/{DEMAND}:predict", content=body(instances)).status_code == 200
    roll_back(root, None, "test")
    assert holder.refresh() and "failure" not in changing.get("/readyz").json()


def test_what_fails_inside_is_logged_and_not_told(
    changing: TestClient,
    instances: list[Json],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(app_module, "answer", fail)
    reply = changing.post(f"/v1/models/{DEMAND}:predict", content=body(instances))
    assert reply.status_code == 500 and "secret" not in reply.text
    assert "a secret" in caplog.text
    assert metric(changing, "retail_inventory_requests_total") == {("500", DEMAND): 1}
