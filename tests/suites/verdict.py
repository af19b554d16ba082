"""What a suite finds: how many cases are equal, which are refused and why, which differ."""

from __future__ import annotations

import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import loantwin
from loantwin.errors import InputError

OURS = Path(loantwin.__file__).parent


@dataclass(frozen=True)
class Verdict:
    """The cases of one file: `cases` = equal + all refused + different.

    refused : reason -> count, the reason naming the convention that is lacking. different : the cases'
    own names.
    """

    suite: str
    cases: int
    equal: int
    refused: dict[str, int]
    different: list[str]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values ready for JSON."""
        return {
            "suite": self.suite,
            "cases": self.cases,
            "equal": self.equal,
            "refused": self.refused,
            "different": self.different,
        }


def verdict(suite: str, outcomes: Iterable[tuple[str, str]]) -> Verdict:
    """Return the verdict over (name of the case, outcome).

    outcome : "equal", "different", or the reason for which the case is refused.
    """
    told = list(outcomes)
    reasons = Counter(outcome for _, outcome in told if outcome not in ("equal", "different"))
    return Verdict(
        suite=suite,
        cases=len(told),
        equal=sum(outcome == "equal" for _, outcome in told),
        refused=dict(sorted(reasons.items(), key=lambda item: -item[1])),
        different=[name for name, outcome in told if outcome == "different"],
    )


def judged(outcome: Callable[[], str], name: str) -> str:
    """Return the outcome of one case, whatever its form, so that no case takes the others with it.

    What the program refuses, and a case that cannot be read, is a reason; an error of another kind out of the
    program's own code is a fault of ours: the case is `different`, and the error is printed.
    """
    try:
        return outcome()
    except InputError as error:
        return f"refused by the contract: {error.field or error.message}"
    except Exception as error:  # noqa: BLE001 - whose fault it is, is asked of the traceback below
        if any(OURS in Path(frame.filename).parents for frame in traceback.extract_tb(error.__traceback__)):
            print(f"{name}: {type(error).__name__} {error}", file=sys.stderr)
            return "different"
        return f"a case of another form: {type(error).__name__} {error}"


def name_of(case: Any, key: str, place: int) -> str:
    """Return the name of a case, its place where it has none."""
    return str(case[key]) if isinstance(case, dict) and case.get(key) else f"case {place}"
