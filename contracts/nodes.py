"""Ids of the pipeline's nodes; TFX calls a component by its class where nothing else is said."""

from __future__ import annotations

from contracts.models import KEYS

EXAMPLE_GEN = "RetailExampleGen"
SCHEMA_GEN = "ImportSchemaGen"
STATISTICS_GEN = "StatisticsGen"
TRAINED_ROWS = "TrainedRows"
DATA_GATE = "DataGate"
EARLIER_SPANS = "EarlierSpans"
WINDOWING = "Windowing"
TRANSFORM = "Transform"
POLICY_COMPARISON = "PolicyComparison"
SERVING_VALIDATOR = "ServingValidator"
MODEL_GATE = "ModelGate"
PAIR_PUSHER = "PairPusher"
METRICS_EXPORTER = "MetricsExporter"

# Those that there are once for each model, by its name.
TRAINERS = {model: f"{key.capitalize()}Trainer" for model, key in KEYS.items()}
LATEST_MODELS = {model: f"Latest{key.capitalize()}Model" for model, key in KEYS.items()}
EVALUATORS = {model: f"{key.capitalize()}Evaluator" for model, key in KEYS.items()}
INFRA_VALIDATORS = {model: f"{key.capitalize()}InfraValidator" for model, key in KEYS.items()}

# Of the demand watch, where it is switched on.
WATCH_TRAINER, WATCH_EVALUATOR = "WatchTrainer", "WatchEvaluator"
