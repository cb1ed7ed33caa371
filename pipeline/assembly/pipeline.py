"""The pipeline: which component feeds which.

Over 300 lines: the wiring of all nodes is read in one place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import pipeline.compat  # noqa: F401  isort: skip  (settings before the first import of TFX)
from tensorflow_model_analysis.proto import config_pb2

# Each from its own module: tfx.v1 imports clients of cloud services too, 4 s of every start.
from tfx.components import Evaluator, InfraValidator, StatisticsGen, Trainer, Transform
from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.orchestration.metadata import sqlite_metadata_connection_config
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import infra_validator_pb2, trainer_pb2, transform_pb2
from tfx.types.channel import Channel
from tfx.types.standard_artifacts import Examples, Model, ModelBlessing

from components.data_gate.component import DataGate
from components.data_gate.severity import InForce, load_severities
from components.example_generation.component import RetailExampleGen
from components.metrics_exporter.component import MetricsExporter
from components.model_gate.component import ModelGate
from components.pair_pusher.component import PairPusher
from components.policy_comparison.component import PolicyComparison
from components.resolvers.earlier_spans import EarlierSpans
from components.resolvers.latest_blessed import LatestBlessedOfTrainer
from components.resolvers.trained_rows import TrainedRows
from components.serving_validator.component import ServingValidator
from components.serving_validator.validating import PROBE
from components.windowing.component import Windowing
from contracts import nodes
from contracts.errors import UserError, cannot
from contracts.models import (
    DEMAND,
    REPLENISHMENT,
    WATCH,
    WATCH_BLESSING,
    WATCH_EVALUATION,
    WATCH_MODEL,
    channel,
)
from contracts.splits import EVAL, REFIT, TEST, TRAIN
from pipeline.assembly.evaluation import (
    demand_eval_config,
    replenishment_eval_config,
    watch_eval_config,
)
from pipeline.assembly.fingerprint import code_fingerprint
from pipeline.config import Config
from pipeline.engine.arguments import arguments_of
from pipeline.inputs.batch import Batch
from pipeline.inputs.pair import settings_of
from pipeline.workspace import Workspace
from schema import ROWS, SEVERITIES
from serving.directory.layout import read_manifest, read_state
from serving.options import ServingOptions
from trainers.options import WATCHING, WatchOptions

_PREPROCESSING = "transforms.preprocessing"


@dataclass(frozen=True)
class _Branch:
    """One model's way from the transform graph to the serving directory."""

    model: str
    eval_config: config_pb2.EvalConfig
    options: str


def build_pipeline(
    config: Config, workspace: Workspace, batch: Batch, today: date, re_baseline: str = ""
) -> Pipeline:
    """Assembles the TFX pipeline of one run.

    Args:
        workspace: where its things go.
        today: dates after it are no dates that data can have.
        re_baseline: why the pair that serves now does not count this time; empty where it does.

    Raises:
        UserError: the severity file cannot be used.
    """
    space = batch.space.to_json()
    rows = RetailExampleGen(
        input_folder=str(batch.folder),
        options=config.data,
        review_period=config.windows.review_period,
        fingerprint=batch.fingerprint,
        span=batch.span,
        version=batch.version,
        quarantine_folder=str(workspace.quarantine),
        code=_code_of(RetailExampleGen),
    )
    schema_file = config.schema_file or ROWS
    severities = load_severities(config.severity_file or SEVERITIES)
    schema = _keyed(ImportSchemaGen(schema_file=str(schema_file)), content=_content_of(schema_file))
    statistics = StatisticsGen(examples=rows.outputs["examples"])
    trained = Resolver(
        strategy_class=TrainedRows,
        config={"example_gen": rows.id, "gate": nodes.MODEL_GATE},
        current=rows.outputs["examples"],
        trained=Channel(type=Examples),
        model=Channel(type=Model),
        blessing=Channel(type=ModelBlessing),
    ).with_id(nodes.TRAINED_ROWS)
    gate = DataGate(
        examples=rows.outputs["examples"],
        statistics=statistics.outputs["statistics"],
        schema=schema.outputs["schema"],
        trained_examples=trained.outputs["trained"].as_optional(),
        # Not the day itself, unless rows are later: else the same data would be judged anew every day.
        latest_date=min(today, batch.last_date or today).isoformat(),
        rules=InForce.on(severities, today).model_dump_json(),
        period_days=config.data.period_days,
        code=_code_of(DataGate),
    )
    earlier = Resolver(
        strategy_class=EarlierSpans,
        config={"gate_type": gate.type, "keep": config.spans - 1},
        current=rows.outputs["examples"],
        earlier=Channel(type=Examples),
    ).with_id(nodes.EARLIER_SPANS)
    windowing = Windowing(
        examples=rows.outputs["examples"],
        earlier_examples=earlier.outputs["earlier"].as_optional(),
        gate=gate.outputs["anomalies"],
        feature_space=space,
        options=config.windows.model_dump_json(),
        code=_code_of(Windowing),
    )
    transform = Transform(
        examples=windowing.outputs["windows"],
        schema=windowing.outputs["schema"],
        preprocessing_fn=f"{_PREPROCESSING}.preprocessing_fn",
        splits_config=transform_pb2.SplitsConfig(analyze=[TRAIN], transform=[TRAIN]),
        # The trainers run the graph themselves while they read the windows, as serving does: nothing that was
        # transformed another way can slip in, and Beam need not write every window a second time.
        materialize=False,
        # Statistics of windows, which overlap, tell a reviewer nothing; the rows have theirs.
        disable_statistics=True,
        # What the analysers found of a span is no use to a later run: windows are cut anew from all spans.
        disable_analyzer_cache=True,
        custom_config={"feature_space": space, "code": code_fingerprint(_PREPROCESSING)},
    )
    shared = [rows, schema, statistics, trained, gate, earlier, windowing, transform]
    branches = (
        _Branch(
            DEMAND,
            demand_eval_config(config.gate, config.demand_forecasting.quantiles),
            config.demand_forecasting.model_dump_json(),
        ),
        _Branch(
            REPLENISHMENT,
            replenishment_eval_config(config.gate),
            config.replenishment_optimization.model_dump_json(),
        ),
    )
    incumbents = None if re_baseline else _Incumbents.of(workspace, config.promotion.mode == "challenger")
    judged = {branch.model: _judged(branch, windowing, transform, space, incumbents) for branch in branches}
    demand, replenishment = judged[DEMAND], judged[REPLENISHMENT]
    comparison = PolicyComparison(
        windows=windowing.outputs["windows"],
        demand_model=demand.trainer.outputs["model"],
        replenishment_model=replenishment.trainer.outputs["model"],
        incumbent=replenishment.incumbent,
        incumbent_demand=demand.incumbent,
        feature_space=space,
        quantile_levels=json.dumps(config.demand_forecasting.quantiles),
        base_stock_cost=config.gate.base_stock_cost,
        review_period=config.windows.review_period,
        code=_code_of(PolicyComparison),
    )
    validator = ServingValidator(
        demand_model=demand.trainer.outputs["model"],
        replenishment_model=replenishment.trainer.outputs["model"],
        feature_space=space,
        options=config.serving.model_dump_json(include={"latency_one", "latency_many", "tolerance"}),
        code=_code_of(ServingValidator, PROBE),
    )
    pair = ModelGate(
        demand_model=demand.trainer.outputs["model"],
        replenishment_model=replenishment.trainer.outputs["model"],
        demand_evaluation=demand.evaluator.outputs["evaluation"],
        replenishment_evaluation=replenishment.evaluator.outputs["evaluation"],
        comparison=comparison.outputs["comparison"],
        serving=validator.outputs["verdict"],
        options=config.gate.model_dump_json(),
        re_baseline=re_baseline,
        code=_code_of(ModelGate),
    )
    judgement: dict[str, Channel] = {"examples": rows.outputs["examples"]}
    for model, found in judged.items():
        judgement |= {
            channel(model, "model"): found.trainer.outputs["model"],
            channel(model, "evaluation"): found.evaluator.outputs["evaluation"],
            channel(model, "blessing"): pair.outputs[channel(model, "blessing")],
        }
    infrastructure = _infra_validators(config.serving.infra_validator, judged, windowing)
    judgement["comparison"] = comparison.outputs["comparison"]
    watch = _watch(config.demand_watch, windowing, transform, space) if config.demand_watch.enabled else {}
    watched: dict[str, Channel] = {}
    if watch:
        evaluation = watch[WATCH_EVALUATION].outputs
        watched = {
            WATCH_MODEL: watch[WATCH_MODEL].outputs["model"],
            WATCH_EVALUATION: evaluation["evaluation"],
            WATCH_BLESSING: evaluation["blessing"],
        }
    pusher = PairPusher(
        judgement | watched | {name: node.outputs["blessing"] for name, node in infrastructure.items()},
        serving=str(workspace.serving),
        options=_beside(config).model_dump_json(include={"keep", "canary"}),
        settings=json.dumps(settings_of(config)),
    )
    of_models = [node for found in judged.values() for node in found.nodes]
    exporter = MetricsExporter(
        judgement
        | {name: channel_ for name, channel_ in watched.items() if name == WATCH_EVALUATION}
        | {
            "statistics": statistics.outputs["statistics"],
            "schema": schema.outputs["schema"],
            "transform_graph": transform.outputs["transform_graph"],
        }
        | pusher.outputs,
        store=str(workspace.store),
        period_days=config.data.period_days,
    )
    return Pipeline(
        pipeline_name=config.name,
        pipeline_root=str(workspace.artifacts),
        components=[
            *shared,
            *of_models,
            *watch.values(),
            comparison,
            validator,
            pair,
            *infrastructure.values(),
            pusher,
            exporter,
        ],
        enable_cache=True,
        metadata_connection_config=sqlite_metadata_connection_config(str(workspace.metadata)),
        beam_pipeline_args=arguments_of(config),
    )


def _beside(config: Config) -> ServingOptions:
    """How pairs are pushed: a challenger lies beside the pair that serves, as a canary does."""
    canary = config.serving.canary or config.promotion.mode == "challenger"
    return config.serving.model_copy(update={"canary": canary})


@dataclass(frozen=True)
class _Judged:
    trainer: Trainer
    evaluator: Evaluator
    incumbent: Channel | None
    nodes: list[BaseNode]


@dataclass(frozen=True)
class _Incumbents:
    """Which models a new pair is held against: the one that serves.

    Attributes:
        withdrawn: ids of those that were rolled back.
        newest: by model the id of the one that serves; those after it are challengers, which did not. Empty where
            what is blessed serves at once.
    """

    withdrawn: list[int]
    newest: Mapping[str, int]

    @classmethod
    def of(cls, workspace: Workspace, challengers: bool) -> _Incumbents:
        state = read_state(workspace.serving)

        def ids(version: int) -> dict[str, int]:
            found: dict[str, int] = read_manifest(workspace.serving, version)["facts"]["model_ids"]
            return found

        withdrawn = sorted(id_ for version in state.withdrawn for id_ in ids(version).values())
        return cls(withdrawn, ids(state.stable) if challengers and state.stable is not None else {})

    def config(self, model: str) -> dict[str, Any]:
        """What the resolver of a model is told."""
        newest = {"newest": self.newest[model]} if model in self.newest else {}
        return {"withdrawn": self.withdrawn, **newest}


def _judged(
    branch: _Branch, windowing: Windowing, transform: Transform, space: str, incumbents: _Incumbents | None
) -> _Judged:
    """Trainer, incumbent and evaluator; ``incumbents``: None: there is none at all."""
    trainer = _trainer(
        branch.model, nodes.TRAINERS[branch.model], branch.options, windowing, transform, space
    )
    made, incumbent = [trainer], None
    if incumbents is not None:
        latest = Resolver(
            strategy_class=LatestBlessedOfTrainer,
            config={"trainer": trainer.id, "gate": nodes.MODEL_GATE, **incumbents.config(branch.model)},
            candidate=trainer.outputs["model"],
            model=Channel(type=Model),
            blessing=Channel(type=ModelBlessing),
        ).with_id(nodes.LATEST_MODELS[branch.model])
        made.append(latest)
        incumbent = latest.outputs["model"].as_optional()
    evaluator = _evaluator(
        nodes.EVALUATORS[branch.model], branch.eval_config, windowing, trainer.outputs["model"], incumbent
    )
    return _Judged(trainer, evaluator, incumbent, [*made, evaluator])


def _watch(
    options: WatchOptions, windowing: Windowing, transform: Transform, space: str
) -> dict[str, BaseComponent]:
    """Trainer and evaluator of the demand watch, by what they give; the evaluator is its gate too."""
    given = options.model_dump_json(exclude=set(WATCHING))
    trainer = _trainer(WATCH, nodes.WATCH_TRAINER, given, windowing, transform, space)
    evaluator = _evaluator(
        nodes.WATCH_EVALUATOR, watch_eval_config(options), windowing, trainer.outputs["model"]
    )
    return {WATCH_MODEL: trainer, WATCH_EVALUATION: evaluator}


def _trainer(
    model: str, node: str, options: str, windowing: Windowing, transform: Transform, space: str
) -> Trainer:
    """TFX's trainer of one model; ``options``, ``space``: serialized."""
    return Trainer(
        run_fn=f"trainers.{model}.train.run_fn",
        examples=windowing.outputs["windows"],
        transform_graph=transform.outputs["transform_graph"],
        train_args=trainer_pb2.TrainArgs(splits=[TRAIN, REFIT]),
        eval_args=trainer_pb2.EvalArgs(splits=[EVAL]),
        custom_config={
            "feature_space": space,
            "options": options,
            "code": code_fingerprint(f"trainers.{model}.train"),
        },
    ).with_id(node)


def _evaluator(
    node: str,
    eval_config: config_pb2.EvalConfig,
    windowing: Windowing,
    model: Channel,
    incumbent: Channel | None = None,
) -> Evaluator:
    """TFX's evaluator of one model on the test split; its metrics' code is part of its cache key."""
    metrics = [metric.module for spec in eval_config.metrics_specs for metric in spec.metrics]
    evaluator = Evaluator(
        examples=windowing.outputs["windows"],
        example_splits=[TEST],
        schema=windowing.outputs["schema"],
        model=model,
        baseline_model=incumbent,
        eval_config=eval_config,
    ).with_id(node)
    return _keyed(evaluator, code=code_fingerprint(*metrics))


def _code_of(component: type[BaseComponent], *others: str) -> str:
    """Fingerprint of what a component of ours executes; ``others``: modules that it runs without importing them."""
    return code_fingerprint(component.EXECUTOR_SPEC.executor_class.__module__, *others)


_Component = TypeVar("_Component", bound=BaseComponent)


def _keyed(component: _Component, **facts: str) -> _Component:
    """Makes what decides on the outputs of one of TFX's own components part of its cache key."""
    component.spec.exec_properties.update(facts)
    return component


def _content_of(schema_file: Path) -> str:
    """Fingerprint of the reviewed schema.

    Raises:
        UserError: it cannot be read.
    """
    try:
        return hashlib.sha256(schema_file.read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise cannot(
            error, f"{schema_file}: cannot be read", "give an existing file as schema_file", UserError
        ) from error


def _infra_validators(
    tag: str | None, judged: dict[str, _Judged], windowing: Windowing
) -> dict[str, InfraValidator]:
    """TFX's own for each model, by the pusher's input, where an image of TensorFlow Serving is named."""
    if tag is None:
        return {}
    return {
        channel(model, "infra_blessing"): InfraValidator(
            model=found.trainer.outputs["model"],
            examples=windowing.outputs["windows"],
            serving_spec=infra_validator_pb2.ServingSpec(
                tensorflow_serving=infra_validator_pb2.TensorFlowServing(tags=[tag]),
                local_docker=infra_validator_pb2.LocalDockerConfig(),
            ),
            request_spec=infra_validator_pb2.RequestSpec(
                tensorflow_serving=infra_validator_pb2.TensorFlowServingRequestSpec(),
                split_name=TEST,
                num_examples=10,
            ),
        ).with_id(nodes.INFRA_VALIDATORS[model])
        for model, found in judged.items()
    }
