"""Both sides, serving directory and registry, and what is to be changed so that the second says what the first does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from contracts.errors import UserError
from contracts.models import MODELS
from serving.directory.layout import read_state
from serving.directory.pushing import stage_of
from serving.directory.switching import version_before

CHAMPION, CHALLENGER, PREVIOUS = ALIASES = ("champion", "challenger", "previous")
"""What serves, what is tried beside it, and what a roll-back goes to."""
REMOVED = "removed"
"""Stage of a registered pair that the serving directory keeps no longer."""


@dataclass(frozen=True)
class Directory:
    """What the serving directory says.

    Attributes:
        aliases: by alias the pair; without those that name none.
        stages: by kept pair its stage.
    """

    aliases: Mapping[str, int]
    stages: Mapping[int, str]

    @classmethod
    def read(cls, root: Path) -> Directory:
        """Raises: ServingError: it cannot be read."""
        state = read_state(root)
        named = {CHAMPION: state.stable, CHALLENGER: state.canary, PREVIOUS: version_before(state)}
        return cls(
            {alias: pair for alias, pair in named.items() if pair is not None},
            {pair: stage_of(state, pair) for pair in state.kept},
        )


@dataclass(frozen=True)
class Version:
    """A version of a registered model.

    Attributes:
        number: MLflow's.
        pair: that it belongs to; None where somebody else registered it.
        stage: what it was told to be; empty where nothing was told.
    """

    number: str
    pair: int | None
    stage: str = ""


@dataclass(frozen=True)
class Registered:
    """One registered model.

    Attributes:
        versions: all of it, by number.
        aliases: by alias the number.
        told: pair that it was last told to be the champion; None: it never was. An alias that names another one was
            moved by somebody.
    """

    versions: Mapping[str, Version]
    aliases: Mapping[str, str]
    told: int | None = None

    def number(self, pair: int) -> str | None:
        """The newest version of a pair."""
        return max((v.number for v in self.versions.values() if v.pair == pair), key=int, default=None)

    def pair(self, alias: str) -> int | None:
        """The pair that an alias names; None where it names none, or a version that is of no pair."""
        found = self.versions.get(self.aliases.get(alias, ""))
        return found.pair if found else None


Registry = Mapping[str, Registered]
"""By model."""


@dataclass(frozen=True)
class Move:
    """An alias of a model that is to name another pair.

    Attributes:
        pair: None: the alias is taken away.
        by_hand: the pair that somebody moved it to, and that is overruled.
    """

    model: str
    alias: str
    pair: int | None
    by_hand: int | None = None


def missing(directory: Directory, registry: Registry) -> dict[int, list[str]]:
    """By kept pair, rising, the models that are still to be registered."""
    lacking = {
        pair: [model for model in MODELS if registry[model].number(pair) is None]
        for pair in sorted(directory.stages)
    }
    return {pair: models for pair, models in lacking.items() if models}


def moves(directory: Directory, registry: Registry) -> list[Move]:
    """The aliases that do not name what they should; none where nothing was pushed yet: nothing is known then."""
    if CHAMPION not in directory.aliases:
        return []
    found = []
    for model in MODELS:
        for alias in ALIASES:
            wanted, there = directory.aliases.get(alias), registry[model].pair(alias)
            if wanted != there or (wanted is None and alias in registry[model].aliases):
                own = alias != CHAMPION or there in (None, registry[model].told)
                found.append(Move(model, alias, wanted, None if own else there))
    return found


def stages(directory: Directory, registry: Registry) -> Iterator[tuple[str, str, str]]:
    """Model, number and stage of each version that was told another stage, or none."""
    for model in MODELS:
        for version in registry[model].versions.values():
            if version.pair is not None:
                stage = directory.stages.get(version.pair, REMOVED)
                if stage != version.stage:
                    yield model, version.number, stage


def asked(directory: Directory, registry: Registry) -> int | None:
    """The pair that somebody made champion in the registry, and that does not serve; None where nobody did.

    Raises:
        UserError: the models' champions are no pair, the pair is not kept, or the directory changed meanwhile too.
    """
    serves = directory.aliases.get(CHAMPION)
    champions = {model: registry[model].pair(CHAMPION) for model in MODELS}
    told = {model: registry[model].told for model in MODELS}
    by_hand = {
        model: pair for model, pair in champions.items() if pair not in (None, told[model]) and pair != serves
    }
    if not by_hand:
        return None
    listed = " and ".join(f"{model}'s champion is of pair {pair}" for model, pair in champions.items())
    if len(set(champions.values())) > 1:
        raise UserError(f"{listed}, which do not belong together; move the alias of both models")
    (target,) = set(by_hand.values())
    if any(pair != serves for pair in told.values()):
        raise UserError(
            f"pair {target} was made champion in the registry, and meanwhile pair {serves} began to serve, which the "
            f"registry was not told; decide with 'rollback --to {target}', or 'registry sync' to overrule it"
        )
    if target not in directory.stages:
        kept = ", ".join(map(str, sorted(directory.stages))) or "none"
        raise UserError(
            f"pair {target}, the registry's champion, is not kept in the serving directory; kept are: {kept}"
        )
    return target


def differences(directory: Directory, registry: Registry) -> list[str]:
    """Where the two sides do not say the same, in sentences; empty where they agree."""
    found = [f"pair {pair}: not registered yet" for pair in missing(directory, registry)]
    for move in moves(directory, registry):
        there = registry[move.model].aliases.get(move.alias)
        names = "no version" if there is None else f"version {there}"
        pair = registry[move.model].pair(move.alias)
        of = f" of pair {pair}" if pair is not None else ""
        wanted = "none" if move.pair is None else f"pair {move.pair}"
        hand = "; somebody moved it, 'registry apply' follows" if move.by_hand else ""
        found.append(f"{move.model}@{move.alias}: {names}{of}, in the directory {wanted}{hand}")
    found += [
        f"{model}, version {number}: not told yet that it is {stage}"
        for model, number, stage in stages(directory, registry)
    ]
    return found
