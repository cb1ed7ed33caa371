"""GitLab's pipeline and Renovate's configuration: their own schemas, and that whatever they call is there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy.kubernetes.chart import called, tool
from tests.places import ROOT

PIPELINE = ROOT / ".gitlab-ci.yml"
PROGRAMS = Path(__file__).parent / "programs"
KEYWORDS = {"workflow", "stages", "variables", "default"}


@pytest.fixture(scope="module")
def pipeline() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(PIPELINE.read_text())
    return loaded


@pytest.fixture(scope="module")
def jobs(pipeline: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """With what each extends, but without what is hidden."""

    def whole(name: str) -> dict[str, Any]:
        own = pipeline[name]
        return {**(whole(own["extends"]) if "extends" in own else {}), **own}

    return {name: whole(name) for name in pipeline if name not in KEYWORDS and not name.startswith(".")}


def lines(job: dict[str, Any]) -> Iterator[str]:
    """Of its scripts, lists in lists laid flat, as GitLab does."""
    waiting: list[Any] = [job.get("before_script", []), job["script"]]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, list):
            waiting[:0] = one
        else:
            yield one


@pytest.mark.parametrize(
    ("schema", "path"), [("vendor.gitlab-ci", PIPELINE), ("vendor.renovate", ROOT / "renovate.json"),
                         ("vendor.compose-spec", ROOT / "deploy" / "compose.yaml")],
)  # fmt: skip
def test_its_own_schema_takes_it(schema: str, path: Any) -> None:
    done = called(tool("check-jsonschema"), "--builtin-schema", schema, str(path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_job_has_a_stage_and_waits_only_for_earlier_ones(
    pipeline: dict[str, Any], jobs: dict[str, dict[str, Any]]
) -> None:
    order = {stage: at for at, stage in enumerate(pipeline["stages"])}
    for name, job in jobs.items():
        assert job["stage"] in order, name
        for other in job.get("needs", []):
            assert order[jobs[other]["stage"]] < order[job["stage"]], (name, other)
    assert {job["stage"] for job in jobs.values()} == set(order)


def test_a_job_that_always_is_there_waits_for_none_that_may_not_be(jobs: dict[str, dict[str, Any]]) -> None:
    """GitLab refuses a pipeline in which a job needs one that its rules leave out."""
    for name, job in jobs.items():
        for other in job.get("needs", []):
            assert not ("rules" in jobs[other] and "rules" not in job), (name, other)


def test_nothing_is_deployed_before_all_checks_are_done(
    pipeline: dict[str, Any], jobs: dict[str, dict[str, Any]]
) -> None:
    order = {stage: at for at, stage in enumerate(pipeline["stages"])}

    def waited_for(name: str) -> set[str]:
        """A job that does not say what it needs waits for all of the stages before."""
        own = order[jobs[name]["stage"]]
        before = jobs[name].get("needs", [one for one in jobs if order[jobs[one]["stage"]] < own])
        return set(before).union(*map(waited_for, before))

    checks = {name for name, job in jobs.items() if job["stage"] in ("lint", "test") and "rules" not in job}
    assert len(checks) > 3
    for name in ("deploy-staging", "promote-production"):
        assert checks | {"model"} <= waited_for(name), name


def test_no_slash_is_in_the_key_of_a_cache(pipeline: dict[str, Any], jobs: dict[str, dict[str, Any]]) -> None:
    """Runners keep and bring back nothing where one is."""
    assert pipeline["default"]["cache"]["key"]["prefix"] == "$STACK"
    for job in (pipeline, *jobs.values()):
        assert "/" not in job.get("variables", {}).get("STACK", "")
        assert "cache" not in job


def test_programs_for_node_are_pinned_by_their_hashes_and_come_from_any_index() -> None:
    locked = json.loads((PROGRAMS / "package-lock.json").read_text())["packages"]
    wanted = locked.pop("")["dependencies"]
    assert wanted == json.loads((PROGRAMS / "package.json").read_text())["dependencies"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    for name, package in locked.items():
        assert package["integrity"].startswith("sha512-") and "resolved" not in package, name


def test_whatever_is_called_is_there(jobs: dict[str, dict[str, Any]]) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for name, job in jobs.items():
        for line in lines(job):
            if called_targets := re.match(r"make ((?:[a-z-]+ ?)+)", line):
                assert set(called_targets[1].split()) <= targets, (name, line)
            for path in re.findall(r"\b(?:deploy|scripts|tests)/[a-z_/.]+", line):
                assert (ROOT / path).exists(), (name, path)


def test_what_reaches_a_cluster_is_alone_and_ends_by_itself(jobs: dict[str, dict[str, Any]]) -> None:
    reaching = {name for name, job in jobs.items() if any("release.sh" in line for line in lines(job))}
    assert reaching == {"deploy-staging", "promote-production", "rollback-production"}
    for name in reaching:
        job = jobs[name]
        assert job["interruptible"] is False and job["resource_group"] == job["environment"]["name"], name
        assert job["rules"][0] == {"if": '$CI_PIPELINE_SOURCE == "schedule"', "when": "never"}, name
    for name in ("promote-production", "rollback-production"):
        assert [rule["when"] for rule in jobs[name]["rules"]] == ["never", "manual"], name
    # GitLab would call each pipeline blocked for as long as nobody went back.
    assert jobs["rollback-production"]["rules"][-1]["allow_failure"] is True
    # Going back waits for nothing.
    assert jobs["rollback-production"]["needs"] == []


def test_no_secret_is_a_word_of_a_command_line(jobs: dict[str, dict[str, Any]]) -> None:
    for name, job in jobs.items():
        for line in lines(job):
            assert not re.search(r"(--password[ =]|TOKEN|PASSWORD)(?!_FILE|-stdin)", line), (name, line)


def test_renovate_sees_both_images() -> None:
    (pattern,) = json.loads((ROOT / "renovate.json").read_text())["dockerfile"]["managerFilePatterns"]
    expression = re.compile(pattern.strip("/"))
    found = {path.name for path in (ROOT / "deploy" / "images").iterdir()
             if expression.search(str(path.relative_to(ROOT)))}  # fmt: skip
    assert found == {"Containerfile", "airflow.Containerfile"}
