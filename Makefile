# Thin on purpose: each line is a command that can be typed by hand. `make setup` does what a fresh machine needs.

PYTHON ?=
WORKSPACE ?= workspace
AIRFLOW_PORT ?= 8080
MLFLOW_PORT ?= 5000
AIRFLOW_AUTH ?= simple
CASES ?= 1000
SEED ?= 0
MARKED ?=
# Folder of the public data (small.parquet: days as rows) for its benchmark and its tests, which are skipped without.
FRESHRETAILNET ?= ../shared/data/freshretailnet
export FRESHRETAILNET := $(abspath $(dir $(wildcard $(FRESHRETAILNET)/small.parquet)))
# The same for the weekly sales of VN2 (history.parquet, master.parquet) and the upper levels of M5 (levels.parquet).
VN2 ?= ../shared/data/vn2
export VN2 := $(abspath $(dir $(wildcard $(VN2)/history.parquet)))
M5 ?= ../shared/data/m5
export M5 := $(abspath $(dir $(wildcard $(M5)/levels.parquet)))
bin := .venv/bin

# An environment that forbids bytecode would make every start of a command two to three times slower.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup run test test-fast test-nightly test-airflow test-observability test-registry test-deploy test-flink test-gitlab test-notebook test-matrix fuzz lint secrets deploy-setup ansible-setup images dashboards dashboards-setup pictures airflow airflow-setup mlflow mlflow-setup notebook arena bench bench-setup test-newer lock clean

help:
	@echo "make setup       the environment .venv, with the stack that loads on this machine"
	@echo "make run         sample data, the whole pipeline on it and its orders, in $(WORKSPACE)/"
	@echo "make test        the tests; test-fast leaves out those that run whole pipelines; REPORTS=FOLDER: junit.xml and coverage.xml there"
	@echo "make test-nightly  what make test goes through some of, whole"
	@echo "make test-airflow  the DAGs' tests, with a live Airflow on PostgreSQL"
	@echo "make test-observability  logs and alerts the whole way, with real Prometheus, Alertmanager, exporters, VictoriaLogs, OpenSearch"
	@echo "make test-registry  runs, pairs and aliases in a real MLflow on PostgreSQL"
	@echo "make test-notebook  the exploratory notebook from a clean kernel, with a pair and without"
	@echo "make test-deploy  images built and run, the chart in a real control plane of Kubernetes, Ansible on booted machines; needs root, an hour once"
	@echo "make test-flink  every Beam step on a real Flink cluster, killed, paused and compared; needs root, java and mvn"
	@echo "make test-gitlab  jobs of GitLab's pipeline to their end, by gitlab-ci-local; needs npm and rsync, half an hour"
	@echo "make test-matrix  1,000 generated retailers the whole way, some hours; CASES=n, SEED=n, goes on where it was ended"
	@echo "make fuzz        10,000 damaged files, configurations and command lines"
	@echo "make lint        ruff, mypy, the rooms' import direction, Ansible's lint"
	@echo "make secrets     looks for passwords, tokens and keys in what git knows"
	@echo "make airflow     Airflow on loopback with our DAGs, for $(WORKSPACE)/; Ctrl-C ends it"
	@echo "make mlflow      an MLflow server on loopback, the registry of runs and pairs, in $(WORKSPACE)/; Ctrl-C ends it"
	@echo "make notebook    the exploratory notebook in JupyterLab on loopback, on $(WORKSPACE)/; DATA, CONFIG; Ctrl-C ends it"
	@echo "make dashboards  writes Grafana's dashboards and alert rules from their code"
	@echo "make pictures    draws the dashboards and looks for what a reader trips over; needs Node 20 and chromium"
	@echo "make images      container images of the product and of Airflow with our DAGs, by buildah; docs/deploy.md"
	@echo "make ansible-setup  Ansible for plain servers, in .venv-ansible; docs/deploy.md"
	@echo "make bench       speed and accuracy beside TFX's own components and other forecasters"
	@echo "make arena       all public data sets, ours beside other forecasters, some hours; goes on where it was ended"
	@echo "make test-newer  everything on the newer stack, in a Debian 13 root (needs root and debootstrap)"
	@echo "make lock        resolves requirements.lock anew from pyproject.toml"
	@echo "make clean       removes environments, caches and build output; $(WORKSPACE)/ stays"

setup:
	@sh scripts/setup.sh --python "$(PYTHON)"

run: setup
	@test -f "$(WORKSPACE)/.sample-ready" -a -d "$(WORKSPACE)/sample" || { \
	    rm -rf "$(WORKSPACE)/sample" && \
	    $(bin)/retail-inventory sample-data "$(WORKSPACE)/sample" && \
	    touch "$(WORKSPACE)/.sample-ready"; }
	$(bin)/retail-inventory run --data "$(WORKSPACE)/sample" --workspace "$(WORKSPACE)"
	$(bin)/retail-inventory plan --data "$(WORKSPACE)/sample" --workspace "$(WORKSPACE)"

# Grafana's SDK needs a newer Python than the older stack; where none is, the tests of it are skipped and say so.
dashboards-setup := sh scripts/setup.sh --venv .venv-grafana --requirements grafana/requirements.lock \
    --pythons 3.13,3.12,3.11
airflow-setup := sh scripts/setup.sh --venv .venv-airflow --requirements dags/requirements.lock --pythons 3.12,3.13

mlflow-setup := sh scripts/setup.sh --venv .venv-mlflow --requirements deploy/mlflow/requirements.lock \
    --pythons 3.13,3.12,3.11

deploy-setup := sh scripts/setup.sh --venv .venv-deploy --requirements deploy/requirements.lock --pythons 3.13,3.12,3.11

ansible-setup := sh scripts/setup.sh --venv .venv-ansible --requirements deploy/ansible/requirements.lock --pythons 3.13,3.12

objects-setup := sh scripts/setup.sh --venv .venv-objects --requirements tests/serving/objects/requirements.lock \
    --pythons 3.13,3.12,3.11

airflow-tests := test ! -x .venv-airflow/bin/python || { cd tests/dags && ../../.venv-airflow/bin/python -m pytest -c pytest.ini
airflow-or-skip := ; }

dashboards-setup:
	@$(dashboards-setup)

dashboards: dashboards-setup
	.venv-grafana/bin/python -m grafana

# As Grafana's own libraries draw them, of the first day and of a month; some thirty minutes.
pictures: setup
	@sh grafana/pictures/make.sh

airflow-setup:
	@$(airflow-setup)

# DATA, CONFIG and AIRFLOW_DATABASE (a SQLAlchemy address of PostgreSQL) may be given.
airflow: setup airflow-setup
	$(bin)/retail-inventory compile --data "$(or $(DATA),$(WORKSPACE)/sample)" --workspace "$(WORKSPACE)" \
	    $(if $(CONFIG),--config "$(CONFIG)")
	@exec .venv-airflow/bin/python scripts/serve_airflow.py --home "$(WORKSPACE)/airflow" \
	    --description "$(WORKSPACE)/pipeline/pipeline.json" --port $(AIRFLOW_PORT) --auth $(AIRFLOW_AUTH) \
	    $(if $(AIRFLOW_DATABASE),--database "$(AIRFLOW_DATABASE)")

# What checks charts and pipelines, and lists what images hold.
deploy-setup:
	@$(deploy-setup)
	@sh scripts/deploy_tools.sh helm

# Ansible with its collections, for deploy/ansible.
ansible-setup:
	@$(ansible-setup)

# BASE=debootstrap where no registry is reached; PREFIX and TAG name them.
images: deploy-setup
	@BASE="$(BASE)" PREFIX="$(PREFIX)" TAG="$(TAG)" sh deploy/images/build.sh

mlflow-setup:
	@$(mlflow-setup)

# MLFLOW_DATABASE (a SQLAlchemy address that begins with postgresql+psycopg://) may be given.
mlflow: mlflow-setup
	@exec .venv-mlflow/bin/python scripts/serve_mlflow.py --home "$(WORKSPACE)/mlflow" --port $(MLFLOW_PORT) \
	    $(if $(MLFLOW_DATABASE),--database "$(MLFLOW_DATABASE)")

# DATA and CONFIG may be given, for one's own folder; Jupyter is part of the pipeline's environment.
notebook: setup
	@RETAIL_DATA="$(abspath $(DATA))" RETAIL_WORKSPACE="$(abspath $(WORKSPACE))" RETAIL_CONFIG="$(abspath $(CONFIG))" \
	    exec $(bin)/jupyter lab --ServerApp.ip=127.0.0.1 $(if $(filter 0,$(shell id -u)),--allow-root) \
	    notebooks/exploratory_analysis.ipynb

test: setup
	@$(dashboards-setup) --optional
	@$(airflow-setup) --optional
	@$(deploy-setup) --optional
	@$(ansible-setup) --optional
	@$(objects-setup) --optional
	@sh scripts/deploy_tools.sh helm
	@mkdir -p build; ( $(airflow-tests) -m "not slow"$(airflow-or-skip) ) >build/dags.log 2>&1 & dags=$$!; \
	    $(bin)/python -m pytest; code=$$?; \
	    wait $$dags || code=$$?; cat build/dags.log; exit $$code

# What make test goes through some of, whole: each call at which a push may be killed.
test-nightly: setup
	@$(objects-setup) --optional
	$(bin)/python -m pytest --nightly -m nightly

# With a live Airflow on PostgreSQL, some twenty minutes; MARKED chooses among them, as pytest's -m does.
test-airflow: setup
	@$(airflow-setup) --optional
	@$(airflow-tests) -m "$(MARKED)"$(airflow-or-skip)

# With real programs on loopback, some minutes; what cannot be installed is said, and its tests are skipped.
test-observability: setup
	@sh scripts/observability_tools.sh
	$(bin)/python -m pytest --live tests/deploy/live

# With a real MLflow server on PostgreSQL, some minutes; skipped with the reason where its environment cannot be made.
test-registry: setup
	@$(mlflow-setup) --optional
	$(bin)/python -m pytest --registry tests/deploy/registry

# Trains one small pair and two models of the notebook's own, about a minute.
test-notebook: setup
	$(bin)/python -m pytest --notebook tests/notebooks

# With real programs; what cannot be had is said, and its tests are skipped.
test-deploy: setup
	@$(deploy-setup) --optional
	@$(ansible-setup) --optional
	@for kind in helm images cluster machines; do sh scripts/deploy_tools.sh $$kind; done
	$(bin)/python -m pytest --container --cluster --machines tests/deploy/container tests/deploy/cluster tests/deploy/ansible

# A JobManager and two TaskManagers in namespaces, some ten minutes; skipped with the reason where they cannot be had.
test-flink: setup
	@sh deploy/flink/fetch.sh
	$(bin)/python -m pytest --flink tests/deploy/flink

# In clones of what is committed, each job with environments of its own.
test-gitlab: setup
	@sh scripts/deploy_tools.sh gitlab
	$(bin)/python -m pytest --gitlab tests/deploy/gitlab/local

# What passed is kept by the code that it passed with, so that a call goes on where an earlier one ended.
test-matrix: setup
	@mkdir -p .cache
	$(bin)/python -m tests.matrix --cases $(CASES) --seed $(SEED) \
	    --done .cache/matrix-$$(git describe --always --dirty 2>/dev/null)

fuzz: setup
	$(bin)/python -m pytest tests/fuzzing --hypothesis-profile=fuzz

test-fast: setup
	$(bin)/python -m pytest -m "not slow" $(if $(REPORTS),--junitxml="$(REPORTS)/junit.xml" \
	    --cov --cov-report=term:skip-covered --cov-report=xml:"$(REPORTS)/coverage.xml")

lint: setup
	$(bin)/ruff check .
	$(bin)/ruff format --check .
	$(bin)/mypy
	@$(dashboards-setup) --optional
	@test ! -x .venv-grafana/bin/python || $(bin)/mypy --python-executable .venv-grafana/bin/python \
	    --python-version 3.11 --cache-dir .mypy_cache/grafana -p grafana
	@$(airflow-setup) --optional
	@test ! -x .venv-airflow/bin/python || MYPYPATH=dags:tests/dags $(bin)/mypy --explicit-package-bases \
	    --python-executable .venv-airflow/bin/python --python-version 3.12 --cache-dir .mypy_cache/dags \
	    dags tests/dags/*.py
	$(bin)/lint-imports
	@$(ansible-setup) --optional
	@test ! -x .venv-ansible/bin/ansible-lint || { cd deploy/ansible && PATH="$(CURDIR)/.venv-ansible/bin:$$PATH" \
	    ansible-lint --offline --profile production; }

# What looks like a password, a token or a key, and is not in .secrets.baseline as looked at.
secrets:
	@$(deploy-setup)
	git ls-files -z | xargs -0 .venv-deploy/bin/detect-secrets-hook --baseline .secrets.baseline

bench-setup: setup
	@sh scripts/setup.sh --venv .venv-peers --requirements benchmarks/requirements.lock --python "$(PYTHON)"

# All data sets, ours beside other forecasters; hours. Goes on where an earlier call ended.
arena: bench-setup
	$(bin)/python -m benchmarks.arena --data "$(or $(dir $(FRESHRETAILNET)),.)"

bench: bench-setup
	@if test -n "$(FRESHRETAILNET)"; then \
	$(bin)/python -m benchmarks.accuracy --data "$(FRESHRETAILNET)/small.parquet" --origins 2 && \
	if test -f "$(FRESHRETAILNET)/full.parquet"; then \
	$(bin)/python -m benchmarks.accuracy --data "$(FRESHRETAILNET)/full.parquet" --series 5000 && \
	$(bin)/python -m benchmarks.accuracy --data "$(FRESHRETAILNET)/full.parquet" && \
	$(bin)/python -m benchmarks.end_to_end --data "$(FRESHRETAILNET)/full.parquet" && \
	$(bin)/python -m benchmarks.growth.many_series --data "$(FRESHRETAILNET)"; fi && \
	$(bin)/python -m benchmarks.decisions --data "$(FRESHRETAILNET)/small.parquet"; else \
	echo "accuracy: skipped: no public data; name the folder of its small.parquet with FRESHRETAILNET=..."; \
	$(bin)/python -m benchmarks.decisions; fi
	@if test -n "$(VN2)"; then $(bin)/python -m benchmarks.weekly --data "$(VN2)" && \
	$(bin)/python -m benchmarks.ordering.weekly_orders --data "$(VN2)"; else \
	echo "weekly: skipped: no public data; name the folder of its history.parquet with VN2=..."; fi
	$(bin)/python -m benchmarks.example_generation
	$(bin)/python -m benchmarks.pipeline_speed
	$(bin)/python -m benchmarks.growth.scale
	$(bin)/python -m benchmarks.gates.known_ahead
	$(bin)/python -m benchmarks.gates.retraining_year
	$(bin)/python -m benchmarks.gates.demand_watch $(if $(FRESHRETAILNET),--data "$(FRESHRETAILNET)/small.parquet")
	$(bin)/python -m benchmarks.gates.challenger_power
	$(bin)/python -m benchmarks.gates.canary_power
	$(bin)/python -m benchmarks.optimum.known_optimum
	$(bin)/python -m benchmarks.simulation
	$(bin)/python -m benchmarks.store_loading
	$(bin)/python -m benchmarks.ordering.plan_changes
	$(bin)/python -m benchmarks.telemetry.telemetry_cost
	@if test -L "$(WORKSPACE)/serving/current"; then \
	$(bin)/python -m benchmarks.scoring --workspace "$(WORKSPACE)" --data "$(WORKSPACE)/sample" && \
	$(bin)/python -m benchmarks.service --workspace "$(WORKSPACE)"; \
	else echo "scoring, service: skipped: $(WORKSPACE)/ serves no pair; call 'make run' first"; fi

test-newer:
	sh scripts/newer_stack.sh all

lock: setup
	@sh scripts/lock.sh

clean:
	sh scripts/newer_stack.sh remove
	rm -rf .venv .venv-* .cache build ./*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
