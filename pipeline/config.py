"""The configuration: one typed object, read from YAML, checked where it enters, passed down."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator, model_validator

from components.example_generation.options import DataOptions
from components.model_gate.options import GateOptions
from components.windowing.options import WindowOptions
from contracts.errors import UserError
from contracts.options import Options
from contracts.strict_yaml import read_mapping, wrong_settings
from pipeline.backup_options import BackupOptions
from pipeline.engine_options import EngineOptions
from pipeline.plan_options import PlanOptions
from pipeline.promotion_options import PromotionOptions
from pipeline.registry_options import RegistryOptions
from pipeline.retraining_options import RetrainingOptions
from serving.objects.options import PublicationOptions
from serving.options import ServingOptions
from trainers.options import DemandOptions, ReplenishmentOptions, WatchOptions

WEEKLY_WINDOWS = {
    "history": 56,
    "horizon": 6,
    "test_periods": 8,
    "eval_periods": 8,
    "train_stride": 1,
    "newest_stride": 1,
    "eval_stride": 1,
    "minimum_history": 13,
    "season": 52,
    "recent": 4,
    "base_stock_periods": 26,
    "review_period": 1,
}
"""Defaults of ``windows`` for weekly data, in weeks; those of WindowOptions are for daily data."""
WEEKLY_RETRAINING = {"least_periods": 6, "new_periods": 4, "age_days": 91}
"""The same of ``retraining``."""
WEEKLY_PROMOTION = {"least_periods": 6, "most_periods": 52}
"""The same of ``promotion``."""
WEEKLY = {"windows": WEEKLY_WINDOWS, "retraining": WEEKLY_RETRAINING, "promotion": WEEKLY_PROMOTION}
"""By section its defaults for weekly data."""


class Config(Options):
    """Everything a user may set. Each section is declared in the room that it steers."""

    name: str = Field("retail-inventory", pattern=r"^[a-z0-9][a-z0-9-]*$")
    """the pipeline's name"""
    data: DataOptions = DataOptions()
    windows: WindowOptions = WindowOptions()
    demand_forecasting: DemandOptions = DemandOptions()
    replenishment_optimization: ReplenishmentOptions = ReplenishmentOptions()
    demand_watch: WatchOptions = WatchOptions()
    gate: GateOptions = GateOptions()
    serving: ServingOptions = ServingOptions()
    plan: PlanOptions = PlanOptions()
    registry: RegistryOptions = RegistryOptions()
    publication: PublicationOptions = PublicationOptions()
    retraining: RetrainingOptions = RetrainingOptions()
    promotion: PromotionOptions = PromotionOptions()
    backup: BackupOptions = BackupOptions()
    engine: EngineOptions = EngineOptions()
    schema_file: Path | None = None
    """reviewed TFDV schema of the rows; the packaged one if unset"""
    severity_file: Path | None = None
    """reviewed file of how grave each failed check of the data gate is, its limits and waivers; the packaged one if
    unset
    """
    database_url: SecretStr | None = None
    """libpq address of the PostgreSQL database that dashboards read, such as
    postgresql://retail@db.example.com/retail; a password is better kept in ~/.pgpass; unset: a server of the
    workspace's own
    """
    spans: int = Field(8, ge=1, le=1000)
    """how many spans of rows the windows are cut from, the newest ones"""
    workers: int = Field(2, ge=1, le=256)
    """nodes run side by side on this machine"""
    beam_arguments: tuple[str, ...] | None = None
    """Beam pipeline options, for engines that ``engine`` does not know; unset: what follows from ``engine``"""

    @property
    def store_address(self) -> str | None:
        """``database_url`` as text, which may hold a password."""
        return self.database_url.get_secret_value() if self.database_url else None

    @field_validator("database_url")
    @classmethod
    def _is_an_address(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("an address begins with postgresql://")
        return url

    @model_validator(mode="before")
    @classmethod
    def _weekly_defaults(cls, content: Any) -> Any:
        if not isinstance(content, dict):
            return content
        data = content.get("data")
        frequency = data.get("frequency") if isinstance(data, dict) else getattr(data, "frequency", None)
        if frequency != "W":
            return content
        given = {name: content.get(name) or {} for name in WEEKLY}
        weekly = {name: WEEKLY[name] | own for name, own in given.items() if isinstance(own, dict)}
        return {**content, **weekly}

    @model_validator(mode="after")
    def _one_engine(self) -> Config:
        if self.beam_arguments is not None and "engine" in self.model_fields_set:
            raise ValueError(
                "engine and beam_arguments both say where Beam's work is done: give one of the two"
            )
        return self

    @model_validator(mode="after")
    def _protection_interval_fits(self) -> Config:
        interval = self.data.fallback_lead_time + self.windows.review_period
        if interval > self.windows.horizon:
            raise ValueError(
                f"the protection interval of a product without a lead time is data.lead_time + windows.review_period "
                f"= {interval} periods, more than windows.horizon = {self.windows.horizon}: raise the horizon or "
                "shorten one of the two"
            )
        return self


def load_config(path: Path | None) -> Config:
    """Reads a configuration file; without one, the defaults.

    Raises:
        UserError: the file is missing, is no YAML mapping, or a setting is unknown or wrong; all of them named.
    """
    if path is None:
        return Config()
    content = read_mapping(path, "give an existing file to --config")
    if strange := list(_strange(content)):
        raise UserError(
            f"{path}: {len(strange)} setting(s) cannot be used:\n" + "\n".join(f"  {s}" for s in strange)
        )
    try:
        config = Config.model_validate(content)
    except ValidationError as error:
        raise wrong_settings(path, error, Config) from error
    # A file beside the configuration is found wherever the command is called from.
    files = {name: getattr(config, name) for name in ("schema_file", "severity_file")}
    found: dict[str, Any] = {name: path.parent / file for name, file in files.items() if file is not None}
    for name in ("registry", "publication"):
        section = getattr(config, name)
        if section.certificate_authority is not None:
            beside = {"certificate_authority": (path.parent / section.certificate_authority).resolve()}
            found[name] = section.model_copy(update=beside)
    return config.model_copy(update=found)


def _strange(content: Any, place: str = "") -> Iterator[str]:
    """What pydantic would take for a number or a name, and nobody can have meant so."""
    if isinstance(content, dict | list):
        for name, value in content.items() if isinstance(content, dict) else enumerate(content):
            yield from _strange(value, f"{place}.{name}" if place else str(name) or "''")
    elif isinstance(content, bool) and place not in _SWITCHES:
        yield f"{place}: is {str(content).lower()}, where a number or a text is expected (quote a text)"
    # A dialect may name a tab; nothing has any other such letter.
    elif isinstance(content, str) and any(_is_control(letter) for letter in content.replace("\t", "")):
        yield f"{place}: holds a character that cannot be printed"


def _is_control(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cs")


def _switches(model: type[BaseModel], place: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        if field.annotation is bool:
            yield place + name
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _switches(field.annotation, f"{place}{name}.")


_SWITCHES = frozenset(_switches(Config))
