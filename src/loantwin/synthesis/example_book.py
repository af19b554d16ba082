"""A small lender to try things on: made when it is first asked for, from its seed, in about a second."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from loantwin.errors import UsageError, expected
from loantwin.synthesis.write import write

LOANS, MONTHS, SEED = 2_000, 48, 7
AS_OF = date(2022, 12, 31)
FILES = (
    "tape.csv",
    "mapping.toml",
    "macro.csv",
    "scenarios.csv",
    "outcomes.csv",
    "outcomes.toml",
    "truth.json",
)
MAKING = Lock()
"""Held while the files are made: threads that ask at once get the same."""


@dataclass(frozen=True)
class ExampleBook:
    """A made-up lender's files, as a stranger would bring them, and the truth that nobody has.

    tape, mapping : a row a loan and month, 2020-01 to 2023-12, and what its columns mean. outcomes,
    outcomes_mapping : the same loans, one row each. macro : the economy by month. scenarios : three economies
    after the tape's end, `#Baseline`, `#Adverse`, `#Severe`. truth : the probabilities all was drawn from.
    as_of : a year before the tape's end, so that a year is held out.
    """

    folder: Path
    tape: Path
    mapping: Path
    outcomes: Path
    outcomes_mapping: Path
    macro: Path
    scenarios: Path
    truth: Path
    as_of: date

    def scenario(self, name: str) -> str:
        """Return one economy as verbs take it: the scenarios' file and a name in it."""
        return f"{self.scenarios}#{name}"


def example_book(folder: Path | str | None = None) -> ExampleBook:
    """Return the files of a small made-up lender: 2,000 loans of five products over 48 months, in USD.

    It is drawn from a known truth and stands for no lender; the same release gives the same bytes.

    Parameters
    ----------
    folder : where the files are written, new or empty; where they are there already they stay as they are.
        None for a folder of this process, removed when it ends.

    Raises
    ------
    UsageError : `folder` holds something else, or cannot be made.
    """
    with MAKING:
        place = Path(_held().name) / "lender" if folder is None else Path(folder)
        _fill(place)
    return ExampleBook(
        folder=place,
        tape=place / "tape.csv",
        mapping=place / "mapping.toml",
        outcomes=place / "outcomes.csv",
        outcomes_mapping=place / "outcomes.toml",
        macro=place / "macro.csv",
        scenarios=place / "scenarios.csv",
        truth=place / "truth.json",
        as_of=AS_OF,
    )


def _fill(place: Path) -> None:
    there = [name for name in FILES if (place / name).is_file()]
    if there and len(there) < len(FILES):
        missing = ", ".join(name for name in FILES if name not in there)
        raise UsageError(expected("all files of the example book, or none", f"no {missing}"), file=place)
    if not there:
        write(place, LOANS, MONTHS, SEED, "mapping")


@cache
def _held() -> TemporaryDirectory[str]:
    """Return this process's folder; it goes when the process ends."""
    return TemporaryDirectory(prefix="loantwin-example-")
