"""How a retailer's tools write files, said by hand where the files themselves do not tell."""

from __future__ import annotations

import codecs
from typing import Literal

from pydantic import field_validator, model_validator

from components.example_generation.contract import FILES
from contracts.options import Options

PLACEHOLDERS = (
    *("NA", "N/A", "#N/A", "#N/A N/A", "#NA", "N.A.", "<NA>", "NaN", "NaT"),
    *("NULL", "None", "nil", r"\N", "-", "--", "\u2013", "\u2014"),
)
"""What tools write where there is no value, in any case of letters."""

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
"""What separates values, and its name; these are looked for."""


class FileDialect(Options):
    """How one file is written; what is unset is told from the file."""

    encoding: str | None = None
    """of CSV files, such as `cp1252` or `latin-1`; unset: UTF-8, or UTF-16 where it is"""
    separator: str | None = None
    """the character between the values of a CSV file"""
    decimal: Literal[".", ","] | None = None
    """the decimal sign of numbers that are text"""
    thousands: Literal[",", ".", " ", "'"] | None = None
    """the only sign between thousands; unset: any but the decimal sign"""
    dates: Literal["day_first", "month_first"] | None = None
    """of dates such as 01/02/2024; unset: told from a day above 12"""
    empty: tuple[str, ...] | None = None
    """texts that stand for no value, in any case; unset: `NA`, `NULL`, `-` and the like"""
    sheet: str | None = None
    """the sheet of a workbook; unset: its first"""

    @field_validator("encoding")
    @classmethod
    def _is_an_encoding(cls, name: str | None) -> str | None:
        if name is None:
            return None
        try:
            codec = codecs.lookup(name)
            "".encode(codec.name)  # some codecs are not of text
        except (LookupError, ValueError) as error:
            raise ValueError(f"{name!r} is no encoding of text, such as utf-8, utf-16 or cp1252") from error
        return "utf-8" if codec.name == "utf-8-sig" else codec.name

    @field_validator("separator")
    @classmethod
    def _is_a_separator(cls, sign: str | None) -> str | None:
        if sign == "tab":
            return "\t"
        if sign is not None and (
            len(sign) != 1 or not sign.isascii() or sign.isalnum() or sign in '"\r\n\0-+'
        ):
            raise ValueError("a separator is one sign, such as ';', or 'tab'")
        return sign

    @model_validator(mode="after")
    def _signs_differ(self) -> FileDialect:
        if self.decimal is not None and self.decimal == self.thousands:
            raise ValueError("decimal and thousands are the same sign")
        return self

    @property
    def placeholders(self) -> frozenset[str]:
        """Texts that stand for no value, in small letters."""
        return frozenset(
            text.strip().lower() for text in (PLACEHOLDERS if self.empty is None else self.empty)
        )


class DialectOptions(FileDialect):
    """How the files of a folder are written, and those of them that are written otherwise."""

    files: dict[str, FileDialect] = {}
    """the same settings for single files by their name in the contract, such as `products`"""

    @field_validator("files")
    @classmethod
    def _are_files(cls, files: dict[str, FileDialect]) -> dict[str, FileDialect]:
        known = (*FILES, "overrides")
        for name in files:
            if name not in known:
                raise ValueError(f"{name!r} is no file of the contract, which are {', '.join(known)}")
        return files

    def of(self, file: str) -> FileDialect:
        """What counts for one file of the contract: its own settings before those of all."""
        own = self.files.get(file, FileDialect())
        chosen = {}
        for name in FileDialect.model_fields:
            value = getattr(own, name)
            chosen[name] = getattr(self, name) if value is None else value
        return FileDialect(**chosen)
