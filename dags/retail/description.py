"""The pipeline as ``retail-inventory compile`` describes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Node:
    """A TFX node.

    Attributes:
        id: its name.
        group: the part of the house that it belongs to.
        upstream: nodes that must have ended well before it.
        heavy: whether it uses more than one core for long.
    """

    id: str
    group: str
    upstream: tuple[str, ...]
    heavy: bool


@dataclass(frozen=True)
class Description:
    """Where everything is and which node feeds which; nodes in an order that can be run.

    Attributes:
        final_exit_codes: those that trying again does not change, and what they say.
        skipped_exit_codes: those of a command that found nothing to do, and what they say.
        gate: id of the node that judges the data, also before planning.
        challengers: whether a new pair is scored beside the one that serves before it may serve.
    """

    program: tuple[str, ...]
    data: str
    workspace: str
    config: str | None
    final_exit_codes: Mapping[int, str]
    skipped_exit_codes: Mapping[int, str]
    gate: str
    challengers: bool
    nodes: tuple[Node, ...]

    def command(self, name: str, *arguments: str, data: bool = False, config: bool = False) -> list[str]:
        """A command line of the product.

        Args:
            name: of the command, such as run-node.
            arguments: further ones.
            data: whether the command reads the data.
            config: whether it takes the configuration.
        """
        line = [*self.program, name, "--workspace", self.workspace, *arguments]
        line += ["--data", self.data] if data else []
        return line + (["--config", self.config] if config and self.config else [])

    def before(self, node: str) -> tuple[Node, ...]:
        """A node and everything that it depends on, in an order that can be run."""
        wanted = {node}
        for found in reversed(self.nodes):
            if found.id in wanted:
                wanted.update(found.upstream)
        return tuple(found for found in self.nodes if found.id in wanted)


def read(path: Path) -> Description:
    """Reads a description.

    Raises:
        ValueError: it is not there, or is none; the message says what to do.
    """
    try:
        content = json.loads(path.read_text())
        nodes = tuple(Node(**{**node, "upstream": tuple(node["upstream"])}) for node in content["nodes"])
        return Description(
            tuple(content["program"]),
            content["data"],
            content["workspace"],
            content["config"],
            _by_code(content["final_exit_codes"]),
            _by_code(content["skipped_exit_codes"]),
            content["gate"],
            content["challengers"],
            nodes,
        )
    except OSError as error:
        raise ValueError(
            f"{path}: cannot be read ({error.strerror}); call 'retail-inventory compile' for this workspace"
        ) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path}: is no description of a pipeline ({error}); call 'retail-inventory compile' again"
        ) from error


def _by_code(listed: Mapping[str, str]) -> dict[int, str]:
    return {int(code): said for code, said in listed.items()}
