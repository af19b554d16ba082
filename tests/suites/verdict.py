"""What a suite finds: how many cases are equal, which are refused and why, which differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


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
