"""RetailExampleGen: a retailer's folder becomes one span of rows."""

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import component_spec, standard_artifacts

from components.example_generation.executor import Executor
from components.example_generation.options import DataOptions


class RetailExampleGenSpec(component_spec.ComponentSpec):
    """Parameters and channels of RetailExampleGen."""

    PARAMETERS = {
        "input_folder": component_spec.ExecutionParameter(type=str),
        "options": component_spec.ExecutionParameter(type=str),
        "review_period": component_spec.ExecutionParameter(type=int),
        "fingerprint": component_spec.ExecutionParameter(type=str),
        "span": component_spec.ExecutionParameter(type=int),
        "version": component_spec.ExecutionParameter(type=int),
        "quarantine_folder": component_spec.ExecutionParameter(type=str, optional=True),
        "code": component_spec.ExecutionParameter(type=str, optional=True),
    }
    INPUTS: dict[str, component_spec.ChannelParameter] = {}
    OUTPUTS = {"examples": component_spec.ChannelParameter(type=standard_artifacts.Examples)}


class RetailExampleGen(base_beam_component.BaseBeamComponent):
    """Reads, checks and joins a retailer's files.

    The output channel `examples` holds one artifact with the split `all`: Parquet shards by series, sorted by
    store, product and date (see contracts/rows.py), and `ingest.json`, the report. It is cached as long as
    the parameters stay the same, so `fingerprint` must tell of the content and `code` of the program.
    """

    SPEC_CLASS = RetailExampleGenSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        input_folder: str,
        options: DataOptions,
        review_period: int,
        fingerprint: str,
        span: int,
        version: int,
        quarantine_folder: str | None = None,
        code: str | None = None,
    ):
        """Declare the component.

        Args:
            input_folder: folder of the data contract's files.
            options: choices of the contract.
            review_period: periods between two orders, which service targets hold for.
            fingerprint: content hash of the files (`spans.fingerprint_of`).
            span: number of the batch (`spans.span_of`).
            quarantine_folder: where rows set aside are written; it should not change from run to run, else
                nothing is cached.
            code: hash of the program that reads the data.
        """
        super().__init__(
            spec=RetailExampleGenSpec(
                input_folder=input_folder,
                options=options.model_dump_json(),
                review_period=review_period,
                fingerprint=fingerprint,
                span=span,
                version=version,
                quarantine_folder=quarantine_folder,
                code=code,
                examples=types.Channel(type=standard_artifacts.Examples),
            )
        )
