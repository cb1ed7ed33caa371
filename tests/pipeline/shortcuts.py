"""What libraries do over and over for workers elsewhere; where a process has it all in memory, it is in vain.

Nothing of what a command answers depends on any of it: what stays in memory is not packed, what was found out once is
remembered. Tests that start the command anew, and the matrix with ``--own-processes``, go without.
"""

from __future__ import annotations

import copy
import hashlib
import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import cloudpickle.cloudpickle_fast
import objsize.traverse
import tensorflow_transform as tft
from apache_beam.internal import cloudpickle_pickler
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms import userstate
from apache_beam.transforms.core import CallableWrapperDoFn

import components.serving_validator.executor as validator
from components.serving_validator.probe import probe
from transforms.features import FeatureSpace


def take() -> None:
    """Takes all of them, in this process."""
    _remember_specs_of_dofns()
    _remember_signatures()
    _remember_options()
    # Transform traces its function three times to leave out columns that are not read; all of ours are.
    tft.get_analyze_input_columns = tft.get_transform_input_columns = lambda _, specs, **__: list(specs)
    # The models are asked by the node itself instead of by a process that starts TensorFlow anew.
    validator.ask_in_a_fresh_process = _ask_here  # type: ignore[attr-defined, assignment]
    # Beam packs each function that it hands to itself as small as it can.
    cloudpickle_pickler.bz2 = types.SimpleNamespace(
        compress=lambda packed, compresslevel: packed, decompress=bytes
    )
    # Which modules a function needs is looked for among all that are loaded; whoever unpacks it has them loaded too.
    cloudpickle.cloudpickle_fast._find_imported_submodules = lambda *_: []
    # Each side input is weighed for Beam's cache, less what any variable of any loaded module refers to.
    objsize.traverse._iter_modules_globals = lambda: ()


def _ask_here(folders: Mapping[str, str], space: FeatureSpace) -> dict[str, dict[str, float]]:
    return {model: probe(folder, space) for model, folder in folders.items()}


def _remember_specs_of_dofns() -> None:
    """Beam asks for the state and the timers of each DoFn by its class some thousand times a run."""
    ask = userstate.get_dofn_specs
    # Of functions, which have neither here, there is one class.
    found: dict[type, object] = {CallableWrapperDoFn: (set(), set())}

    def remembered(dofn: beam.DoFn) -> object:
        if type(dofn) not in found:
            found[type(dofn)] = ask(dofn)
        return found[type(dofn)]

    userstate.get_dofn_specs = remembered


def _remember_options() -> None:
    """Beam builds a command line's parser, and parses, whenever it looks at its options from another side."""
    make, found = PipelineOptions.__init__, dict[tuple[type, tuple[str, ...]], dict[str, Any]]()

    def remembered(self: PipelineOptions, flags: Sequence[str] | None = None, **named: Any) -> None:
        if flags is None or isinstance(flags, str) or named:
            make(self, flags, **named)
            return
        key = type(self), tuple(flags)
        if key not in found:
            make(self, flags)
            found[key] = copy.deepcopy(vars(self))
        vars(self).update(copy.deepcopy(found[key]), _flags=flags)

    PipelineOptions.__init__ = remembered


def _remember_signatures() -> None:
    ask = inspect.signature
    found = dict[int, tuple[Callable[..., Any] | types.CodeType, inspect.Signature]]()

    def remembered(asked: Callable[..., Any], **named: Any) -> inspect.Signature:
        if named or not isinstance(asked, types.FunctionType):
            return ask(asked, **named)
        # Of a function that is made anew with each call nothing else counts.
        bare = not (asked.__defaults__ or asked.__kwdefaults__ or asked.__annotations__ or asked.__dict__)
        key = asked.__code__ if bare else asked
        # What was asked for stays with its answer, so that its number does not go to another one.
        if id(key) not in found:
            found[id(key)] = key, ask(asked)
        return found[id(key)][1]

    inspect.signature = remembered  # type: ignore[assignment]


def train_without_compiling() -> None:
    """A graph of a training step takes seconds to be made; where it would run a few times, its operations run alone."""
    import tensorflow as tf

    from trainers import fitting

    go_through = fitting._mean_loss

    def eagerly(step: fitting.Step, dataset: tf.data.Dataset) -> float:
        tf.config.run_functions_eagerly(True)
        try:
            return go_through(step, dataset)
        finally:
            tf.config.run_functions_eagerly(False)

    fitting._mean_loss = eagerly


def remember_models() -> None:
    """Validator, plans, predictions and the service read the same two models, in folders of different names."""
    import tensorflow as tf

    load, found = tf.saved_model.load, {}

    def remembered(folder: str, *arguments: Any, **named: Any) -> object:
        digest = hashlib.sha256(repr((arguments, named)).encode())
        for file in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
            digest.update(file.read_bytes())
        if digest.digest() not in found:
            found[digest.digest()] = load(folder, *arguments, **named)
        return found[digest.digest()]

    tf.saved_model.load = remembered
