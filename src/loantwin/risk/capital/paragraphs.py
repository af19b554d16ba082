"""Where a rule of an options file comes from: its paragraph, and whether the text was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loantwin import arguments as check
from loantwin.errors import RiskError, expected
from loantwin.risk.capital.options_reader import OptionsReader


@dataclass(frozen=True)
class WeightRule:
    """Where a rule comes from; `certain` is false where the paragraph was not checked against the text."""

    paragraph: str
    certain: bool

    @property
    def source(self) -> str:
        """Return the paragraph, and whether it was checked."""
        return self.paragraph + ("" if self.certain else " (not checked against the text)")

    def words(self, what: str) -> str:
        """Return the rule's source as one sentence."""
        return f"{what}: {self.source}"


@dataclass(frozen=True)
class Numbers(WeightRule):
    """A section of named numbers."""

    values: Mapping[str, float]

    def __getitem__(self, name: str) -> float:
        """Return a number by its name; RiskError lists the names."""
        if name not in self.values:
            raise RiskError(expected("one of " + ", ".join(self.values), name), field=name)
        return self.values[name]


def rule_of(read: OptionsReader) -> dict[str, Any]:
    """Return the paragraph of a section and whether it was checked, as arguments of a `WeightRule`."""
    check.kind(OptionsReader, read=read)
    return {"paragraph": read.text("paragraph"), "certain": read.flag("certain")}
