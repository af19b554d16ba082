"""What letters say: the lender's file of reason codes, the wording of the sample form, the lender itself."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from loantwin.errors import ConfigError, expected, unknown
from loantwin.files import read_toml
from loantwin.models.scoring.reasons_file import VAGUE

LENDER = ("name", "address", "contact", "agency")
"""What a file may say of the lender. agency : who supervises it, for the notice of rights."""
OTHER = 9
"""The denial reason of the loan register for what none of the others is."""


@dataclass(frozen=True)
class Reason:
    """A reason as a letter says it. hmda : the denial reason of the loan register."""

    en: str
    zh: str
    hmda: int = OTHER

    def said(self, language: str) -> str:
        """Return it in a language, en or zh."""
        return self.zh if language == "zh" else self.en

    @property
    def vague(self) -> bool:
        """Return whether it says nothing specific: it rests on a score or on standards."""
        return re.search("|".join((*VAGUE, r"score is (below|under)")), self.en, re.IGNORECASE) is not None


@dataclass(frozen=True)
class Wording:
    """The lender, and what its reason codes are called. A code that is not here keeps the policy's words."""

    lender: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, Reason] = field(default_factory=dict)


@lru_cache(maxsize=1)
def sample_form() -> dict[str, Reason]:
    """Return the reasons of the sample form by key."""
    text = (files("loantwin.decisions.letters") / "form_c1.toml").read_text(encoding="utf-8")
    return {key: Reason(**row) for key, row in tomllib.loads(text).items()}


def read_wording(path: Path | str | None) -> Wording:
    """Return what a TOML file says: `[lender]`, and `[reasons]` by code: a key of the sample form, or texts
    `{ en = ..., zh = ... }`. None: no lender, no codes.

    Raises
    ------
    ConfigError : a file that cannot be read, an unknown key, a value of another kind.
    """
    if path is None:
        return Wording()
    document = read_toml(Path(path), "letters", ConfigError, "reasons")
    for key in document:
        if key not in ("lender", "reasons"):
            raise ConfigError(unknown(key, ("lender", "reasons")), file=path, field=key)
    lender, told = (_table(document.get(key, {}), key, path) for key in ("lender", "reasons"))
    for key, value in lender.items():
        if key not in LENDER:
            raise ConfigError(unknown(key, LENDER), file=path, field=f"lender.{key}")
        if not isinstance(value, str) or not value.strip():
            raise ConfigError(expected("a text", value), file=path, field=f"lender.{key}")
    return Wording(lender, {code: _reason(code, value, path) for code, value in told.items()})


def _table(value: Any, key: str, path: Path | str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(expected("a table", value), file=path, field=key)
    return value


def _reason(code: str, value: Any, path: Path | str) -> Reason:
    place = f"reasons.{code}"
    if isinstance(value, str):
        if value not in sample_form():
            raise ConfigError(unknown(value, sample_form()), file=path, field=place)
        return sample_form()[value]
    if not isinstance(value, Mapping) or not all(isinstance(value.get(name), str) for name in ("en", "zh")):
        raise ConfigError(
            expected("a key of the sample form, or texts en and zh", value), file=path, field=place
        )
    extra = set(value) - {"en", "zh", "hmda"}
    if extra:
        raise ConfigError(unknown(min(extra), ("en", "zh", "hmda")), file=path, field=place)
    number = value.get("hmda", OTHER)
    if type(number) is not int or not 1 <= number <= OTHER:
        raise ConfigError(
            expected(f"a whole number from 1 to {OTHER}", number), file=path, field=f"{place}.hmda"
        )
    return Reason(value["en"], value["zh"], number)
