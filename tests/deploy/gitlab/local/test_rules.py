"""Which jobs each kind of pipeline has, as gitlab-ci-local reads the rules."""

from __future__ import annotations

import csv

import pytest

from tests.deploy.gitlab.local.runner import Runner

SUCCESS, BY_HAND = ("on_success", "false"), ("manual", "false")
ALWAYS = dict.fromkeys(
    ("lint", "secrets", "test-newer", "test-older", "test-deploy-checks", "model"), SUCCESS
)
VARIABLES: dict[str, dict[str, str | None]] = {
    "default branch": {},
    "merge request": {"CI_PIPELINE_SOURCE": "merge_request_event", "CI_COMMIT_BRANCH": None},
    "schedule": {"CI_PIPELINE_SOURCE": "schedule"},
    "tag": {"CI_COMMIT_TAG": "v1", "CI_COMMIT_BRANCH": None},
}
"""By kind, what GitLab sets otherwise than for a push to the default branch; None: not at all."""
BESIDES = {
    "default branch": {
        "images": SUCCESS,
        "deploy-staging": SUCCESS,
        "promote-production": BY_HAND,
        "rollback-production": ("manual", "true"),
    },
    "schedule": {"test-all": SUCCESS, "test-flink": SUCCESS},
}
"""By kind, jobs beside those of all: when they start, and whether they may fail."""


def told(kind: str) -> list[str]:
    return [
        f"--unset-variable={name}" if value is None else f"--variable={name}={value}"
        for name, value in VARIABLES[kind].items()
    ]


@pytest.mark.parametrize("kind", VARIABLES)
def test_a_pipeline_has_its_jobs_and_no_other(runner: Runner, kind: str) -> None:
    ended = runner.call("--list-csv", *told(kind))
    assert ended.code == 0, ended.output
    _, _, table = ended.output.partition("name;")
    found = {
        row["name"]: (row["when"], row["allowFailure"])
        for row in csv.DictReader(f"name;{table}".splitlines(), delimiter=";")
    }
    assert found == {**ALWAYS, **BESIDES.get(kind, {})}


@pytest.mark.parametrize("kind", VARIABLES)
def test_no_job_needs_one_that_is_left_out(runner: Runner, kind: str) -> None:
    ended = runner.call("--validate-dependency-chain", *told(kind))
    assert ended.code == 0, ended.output
