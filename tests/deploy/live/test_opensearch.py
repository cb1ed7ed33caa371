"""A run's lines in a real OpenSearch node, where rsyslog takes them, as docs/observability.md says."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.live.programs import DEPLOY, OWN, free_port, program, running, until
from tests.pipeline.small import Small

JARS = OWN / "opensearch"
NODE = Path(__file__).parent / "opensearch" / "OpenSearchNode.java"
CONFIGURATION = DEPLOY / "opensearch" / "rsyslog.conf.in"


@dataclass
class Index:
    """OpenSearch, as it is asked."""

    address: str

    def asked(self, method: str, path: str, body: str = "") -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.address}/{path}",
            body.encode() or None,
            {"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as reply:
            found: dict[str, Any] = json.load(reply)
            return found

    def found(self, *conditions: dict[str, Any], **more: Any) -> dict[str, Any]:
        query = {"query": {"bool": {"filter": conditions}}, "track_total_hits": True, **more}
        return self.asked("POST", "retail-lines-*/_search", json.dumps(query))

    def count(self, *conditions: dict[str, Any]) -> int:
        total: int = self.found(*conditions, size=0)["hits"]["total"]["value"]
        return total

    def taken(self) -> int:
        """How many lines it was sent and took, those that stood there already among them."""
        stats = self.asked("GET", "retail-lines-*/_stats/indexing")
        lines: int = stats["_all"]["primaries"]["indexing"]["index_total"]
        return lines

    def by_node(self, run_id: str) -> dict[str, int]:
        nodes = {"nodes": {"terms": {"field": "node", "size": 100}}}
        found = self.found({"term": {"run_id": run_id}}, size=0, aggs=nodes)
        return {bucket["key"]: bucket["doc_count"] for bucket in found["aggregations"]["nodes"]["buckets"]}


@dataclass
class Shipped:
    """A run whose lines were taken into the index while it went on."""

    index: Index
    logs: Path
    shipper: Path

    @property
    def run_id(self) -> str:
        return self.logs.name

    def lines(self) -> dict[str, list[dict[str, Any]]]:
        """Of each file."""
        files = self.logs.glob("*.jsonl")
        return {path.stem: [json.loads(line) for line in path.read_text().splitlines()] for path in files}

    def counts(self) -> dict[str, int]:
        return {node: len(lines) for node, lines in self.lines().items()}


@contextmanager
def opensearch(home: Path, port: int) -> Iterator[Index]:
    """A node with the template."""
    if not JARS.is_dir():
        pytest.skip("OpenSearch's jars are not there; scripts/observability_tools.sh says how")
    (home / "config").mkdir(parents=True)
    command = [program("java"), "-Xmx512m", "-cp", f"{JARS}/*", str(NODE), str(home)]
    address = f"http://127.0.0.1:{port}"
    with running([*command, str(port), str(free_port())], home / "log", address):
        made = Index(address)
        template = (DEPLOY / "opensearch" / "template.json").read_text()
        assert made.asked("PUT", "_index_template/retail-lines", template)["acknowledged"]
        yield made


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with opensearch(tmp_path_factory.mktemp("opensearch") / "home", free_port()) as made:
        yield made


def shipping(index: Index, workspace: Path, folder: Path) -> list[str]:
    """The command of a shipper that keeps its state in a folder."""
    if not list(Path("/usr/lib").glob("*/rsyslog/omelasticsearch.so")):
        pytest.skip("rsyslog-elasticsearch is not installed; scripts/observability_tools.sh says how")
    folder.mkdir(parents=True)
    values = {
        "RETAIL_WORKSPACE": str(workspace),
        "RETAIL_SHIPPER": str(folder),
        "RETAIL_OPENSEARCH": index.address,
        "RETAIL_OPENSEARCH_USER": "shipper",
        "RETAIL_OPENSEARCH_PASSWORD": "secret",
    }
    filled = subprocess.run(
        [program("envsubst")],
        input=CONFIGURATION.read_bytes(),
        env={**os.environ, **values},
        check=True,
        stdout=subprocess.PIPE,
    )
    configuration = folder / "rsyslog.conf"
    configuration.write_bytes(filled.stdout)
    return [program("rsyslogd"), "-n", "-f", str(configuration), "-i", str(folder / "pid")]


@pytest.fixture(scope="module")
def shipped(index: Index, tmp_path_factory: pytest.TempPathFactory) -> Shipped:
    small = Small(tmp_path_factory.mktemp("shipped"))
    (small.workspace / "logs").mkdir(parents=True)
    shipper = small.root / "shipper"
    with running(shipping(index, small.workspace, shipper), small.root / "log", index.address):
        done = subprocess.run(small.command(), capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
        (logs,) = (small.workspace / "logs").iterdir()
        made = Shipped(index, logs, shipper)
        until(lambda: index.count() >= sum(made.counts().values()), "all lines")
    return made


def test_every_node_of_a_run_is_found_by_its_id(shipped: Shipped) -> None:
    counts = shipped.counts()
    assert {"run", "DemandTrainer", "PairPusher"} < counts.keys()
    assert shipped.index.by_node(shipped.run_id) == counts
    assert shipped.index.by_node("another") == {}
    assert not (shipped.shipper / "refused.json").exists()


def test_lines_are_found_by_when_they_were_written(shipped: Shipped) -> None:
    times = sorted(line["time"] for lines in shipped.lines().values() for line in lines)
    middle = times[len(times) // 2]
    before, after = ({"range": {"time": {bound: middle}}} for bound in ("lt", "gte"))
    assert shipped.index.count(before) == sum(time < middle for time in times) > 0
    assert shipped.index.count(after) == sum(time >= middle for time in times) > 0
    assert shipped.index.count({"range": {"time": {"lt": "now-1d"}}}) == 0


def test_figures_are_numbers_and_none_is_left_out(shipped: Shipped) -> None:
    values = [line["seconds"] for line in shipped.lines()["run"] if "seconds" in line]
    found = shipped.index.found(
        {"term": {"level": "info"}}, size=0, aggs={"most": {"max": {"field": "seconds"}}}
    )
    assert found["aggregations"]["most"]["value"] == pytest.approx(max(values))
    (exported,) = shipped.index.found({"term": {"event": "rows exported"}})["hits"]["hits"]
    many = exported["_source"]["by_table"]["metrics"]
    assert shipped.index.count({"term": {"by_table.metrics": many}}) == 1
    assert shipped.index.count({"exists": {"field": "_ignored"}}) == 0


def test_months_are_indices_of_their_own(shipped: Shipped) -> None:
    months = {line["time"][:7] for lines in shipped.lines().values() for line in lines}
    found = shipped.index.asked("GET", "retail-lines-*/_settings")
    assert found.keys() == {f"retail-lines-{month}" for month in months}


def test_a_shipper_that_forgot_what_it_read_doubles_nothing_and_keeps_what_is_refused(
    shipped: Shipped, tmp_path: Path
) -> None:
    index, total, folder = shipped.index, shipped.index.count(), tmp_path / "shipper"
    line = {"time": "2026-01-31T23:59:59.999+00:00", "level": "error", "run_id": "later", "node": "later"}
    whole = json.dumps({**line, "event": "a long one", "exception": "x" * 100_000})
    (shipped.logs / "later.jsonl").write_text(f"{whole}\n{whole[:200]}\n")
    command = shipping(index, shipped.logs.parents[1], folder)
    with running(command, tmp_path / "log", index.address):
        until(lambda: index.taken() == 2 * total + 1, "every line again, and the whole new one")
        until((folder / "refused.json").exists, "the half one")
    index.asked("POST", "retail-lines-*/_refresh")
    assert index.count() == total + 1
    (found,) = index.found({"term": {"run_id": "later"}})["hits"]["hits"]
    assert (found["_index"], len(found["_source"]["exception"])) == ("retail-lines-2026-01", 100_000)
    refused = (folder / "refused.json").read_text()
    assert "later.jsonl" in refused and "PairPusher" not in refused


def test_lines_wait_while_nobody_answers(shipped: Shipped, tmp_path: Path) -> None:
    port, log = free_port(), tmp_path / "log"
    command = shipping(Index(f"http://127.0.0.1:{port}"), shipped.logs.parents[1], tmp_path / "shipper")
    with running(command, log, shipped.index.address):
        until(lambda: "suspending" in log.read_text(), "it finds nobody")
        with opensearch(tmp_path / "home", port) as index:
            until(lambda: index.count() == shipped.index.count(), "all lines")
            assert index.by_node(shipped.run_id) == shipped.index.by_node(shipped.run_id)
