"""Channels that components have once for each model."""

from __future__ import annotations

from typing import Any

from tfx.types.component_spec import ChannelParameter

from contracts.models import MODELS, ModelChannel, channel


def of_each(what: ModelChannel, kind: type[Any], *, optional: bool = False) -> dict[str, ChannelParameter]:
    """Part of a component's INPUTS or OUTPUTS: the channel of each model, by name."""
    return {channel(model, what): ChannelParameter(type=kind, optional=optional) for model in MODELS}
