#!/bin/sh
# Resolves each environment into one hashed file that names no index, so it works behind any mirror.
set -eu
cd "$(dirname "$0")/.."
for uv in .cache/uv-*/bin/uv; do :; done
"$uv" pip compile --quiet --universal --python-version 3.10 --all-extras --generate-hashes \
    --no-emit-index-url --no-header "$@" pyproject.toml --output-file requirements.lock
"$uv" pip compile --quiet --universal --python-version 3.10 --generate-hashes \
    --no-emit-index-url --no-header "$@" benchmarks/requirements.in --output-file benchmarks/requirements.lock
"$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-header "$@" grafana/requirements.in --output-file grafana/requirements.lock
"$uv" pip compile --quiet --universal --python-version 3.12 --generate-hashes \
    --no-emit-index-url --no-header "$@" dags/requirements.in --output-file dags/requirements.lock
"$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-header "$@" deploy/mlflow/requirements.in --output-file deploy/mlflow/requirements.lock
# What the image holds is what was tested: the same versions, less the tools of developers.
"$uv" pip compile --quiet --universal --python-version 3.13 --generate-hashes --constraint requirements.lock --extra s3 \
    --no-emit-index-url --no-header "$@" pyproject.toml --output-file deploy/images/requirements.lock
"$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-header "$@" tests/serving/objects/requirements.in \
    --output-file tests/serving/objects/requirements.lock
"$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-header "$@" deploy/requirements.in --output-file deploy/requirements.lock
"$uv" pip compile --quiet --universal --python-version 3.12 --generate-hashes \
    --no-emit-index-url --no-header "$@" deploy/ansible/requirements.in --output-file deploy/ansible/requirements.lock
