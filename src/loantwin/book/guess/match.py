"""Which column is which field: one field takes one column, all together, by name and values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

from loantwin.arrays import Floats
from loantwin.book.guess.evidence import DATES, Evidence, evidence, odds, share_of
from loantwin.book.guess.names import NOTHING, fields_of, meanings
from loantwin.book.guess.values import Values

LEAST = 0.3
"""A field takes no column that is less likely to be it than this."""

UNNAMED = 0.15
"""What a column without a telling name is given for each field that values alone can show."""

MOST_UNNAMED = 0.7
SHOWN_BY_VALUES = (
    *("loan_id", "origination_date", "maturity_date", "observation_date", "originated_amount", "principal"),
)
SHOWN_WITHOUT_NAMES = (
    *SHOWN_BY_VALUES,
    "annual_rate",
    "term_months",
    "days_past_due",
    "state",
    "region",
    "currency",
    "score",
)

MUCH_LESS = 0.6
CLOSE = 0.12
"""Two columns that are nearly as likely to be a field leave it unsure."""

UNSURE = 0.9
"""At most this, a guess is one to look at."""


@dataclass(frozen=True)
class Match:
    """A field's column with how likely it is, why, and which columns else it may be."""

    field: str
    column: str
    confidence: float
    why: tuple[str, ...] = ()
    others: tuple[tuple[str, float], ...] = ()


@dataclass
class Shares:
    """How likely each column is each field: log-odds by name, by values, by how columns go together."""

    columns: Mapping[str, Values]
    marks: Mapping[str, str]
    by_name: dict[tuple[str, str], float] = field(default_factory=dict)
    found: dict[tuple[str, str], Evidence] = field(default_factory=dict)
    together: dict[tuple[str, str], list[Evidence]] = field(default_factory=dict)

    def share(self, field: str, column: str) -> float:
        """Return how likely a column is a field."""
        pair = (field, column)
        if pair not in self.by_name:
            return 0.0
        beside = sum(item.odds for item in self.together.get(pair, ()))
        made = share_of(odds(self.by_name[pair]) + self.found[pair].odds + beside)
        return min(made, MOST_UNNAMED) if self.by_name[pair] <= UNNAMED else made

    def why(self, field: str, column: str) -> tuple[str, ...]:
        """Return in words what speaks for a pair."""
        pair = (field, column)
        name = self.by_name[pair]
        first = f"the name alone: {name:.2f}" if name > UNNAMED else "the name does not tell"
        return tuple(
            word
            for word in (first, self.found[pair].why, *(item.why for item in self.together.get(pair, ())))
            if word
        )


def shares(columns: Mapping[str, Values], marks: Mapping[str, str], nameless: bool) -> Shares:
    """Return how likely each column is each field, by its name and its values.

    Parameters
    ----------
    columns : values of the columns looked at, by name. marks : their decimal marks.
    nameless : True where the file has no names at all.
    """
    made = Shares(columns, marks)
    for name, values in columns.items():
        said = frozenset(meanings(name))
        meant = {} if nameless else dict(fields_of(name))
        nothing = meant.pop(NOTHING, 0.0)
        likely = {item: share for item, share in meant.items() if share >= 0.1}
        if not likely and nothing < LEAST and len(columns) <= 500 and len(values.texts):
            likely = dict.fromkeys(SHOWN_WITHOUT_NAMES if nameless else SHOWN_BY_VALUES, UNNAMED)
        for item, share in likely.items():
            made.by_name[item, name] = share
            made.found[item, name] = evidence(item, values, marks[name], said)
    return made


def matched(table: Shares, relations: Callable[[Mapping[str, str], Shares], None]) -> dict[str, Match]:
    """Return the column of each field, chosen together; twice, the second time with what the columns say of
    each other.
    """
    first = _assigned(table)
    relations(first, table)
    taken = _assigned(table)
    found = {}
    for item, column in taken.items():
        share = table.share(item, column)
        own = {
            other: table.share(other, column)
            for (other, name) in table.by_name
            if name == column and other != item
        }
        rivals = {
            name: table.share(item, name)
            for (other, name) in table.by_name
            if other == item and name != column
        }
        free = {name: value for name, value in rivals.items() if name not in taken.values()}
        close = max(free.values(), default=0.0) >= share - CLOSE
        torn = any(value >= share - CLOSE and other not in taken for other, value in own.items())
        if close or torn:
            share = min(share, 0.85)
        others = sorted(
            ((name, value) for name, value in rivals.items() if value >= 0.15), key=lambda x: -x[1]
        )
        found[item] = Match(item, column, round(share, 2), table.why(item, column), tuple(others[:3]))
    return found


def _assigned(table: Shares) -> dict[str, str]:
    """Return the column of each field that makes the sum of the shares largest."""
    likely = {pair: table.share(*pair) for pair in table.by_name}
    best: dict[str, float] = {}
    for (_, name), share in likely.items():
        best[name] = max(best.get(name, 0.0), share)
    # A column goes to no field that it is much less likely to be than another.
    likely = {
        (item, name): share
        for (item, name), share in likely.items()
        if share >= max(LEAST, MUCH_LESS * best[name])
    }
    if not likely:
        return {}
    rows = {item: place for place, item in enumerate(dict.fromkeys(item for item, _ in likely))}
    places = {name: place for place, name in enumerate(dict.fromkeys(name for _, name in likely))}
    worth: Floats = np.zeros((len(rows), len(places)))
    for (item, name), share in likely.items():
        # A tie goes to the column that stands first.
        worth[rows[item], places[name]] = share**3 - 1e-9 * places[name] / max(len(places), 1)
    chosen = zip(*linear_sum_assignment(worth, maximize=True), strict=True)
    names, items = list(places), list(rows)
    return {items[row]: names[place] for row, place in chosen if worth[row, place] > 1e-3}


def relate(found: Mapping[str, str], table: Shares) -> None:
    """Let the columns chosen speak of each other: a balance is at most the amount lent, an end comes after
    a start.
    """
    numbers: dict[str, Floats] = {}

    def of(item: str) -> Floats | None:
        if item not in found:
            return None
        column = found[item]
        values = table.columns[column]
        if column not in numbers:
            numbers[column] = values.days() if item in DATES else values.numbers(table.marks[column])
        return numbers[column] if len(values.texts) else None

    def say(items: tuple[str, ...], odds_: float, why: str) -> None:
        for item in items:
            table.together.setdefault((item, found[item]), []).append(Evidence(odds_, why))

    for small, large in (
        ("principal", "originated_amount"),
        ("originated_amount", "approved_amount"),
        ("charged_off", "originated_amount"),
    ):
        low, high = of(small), of(large)
        if low is None or high is None:
            continue
        both = np.isfinite(low) & np.isfinite(high) & (high > 0)
        if both.sum() < 2:
            continue
        held = float((low[both] <= 1.02 * high[both]).mean())
        equal = float(np.isclose(low[both], high[both]).mean())
        if held >= MOST_HOLD and equal < 1.0:
            say((small, large), 0.8, f"{small} is at most {large}")
        elif held < 0.4:
            say((small, large), -2.0, f"{small} is above {large}")
    for early, late in (
        ("origination_date", "maturity_date"),
        ("origination_date", "observation_date"),
        ("approval_date", "origination_date"),
        ("origination_date", "closed_date"),
        ("origination_date", "default_date"),
        ("origination_date", "charge_off_date"),
    ):
        first, last = of(early), of(late)
        if first is None or last is None:
            continue
        both = np.isfinite(first) & np.isfinite(last)
        if both.sum() < 2:
            continue
        held = float((first[both] <= last[both]).mean())
        if held >= MOST_HOLD:
            say((early, late), 0.5, f"{early} comes before {late}")
        elif held < 0.5:
            say((early, late), -2.0, f"{early} comes after {late}")
    _terms(of, say)
    # An amount alone, beside nothing that says how a loan stands, is the amount lent.
    standing = {"observation_date", "days_past_due", "state", "past_due", "accrued_interest"}
    if "principal" in found and "originated_amount" not in found and not standing & set(found):
        pair = ("originated_amount", found["principal"])
        if pair in table.by_name and set(meanings(found["principal"])) <= {
            "upb",
            "principal",
            "amount",
            "loan",
        }:
            table.together.setdefault(pair, []).append(Evidence(2.0, "no column says how loans stand"))
            say(("principal",), -1.5, "no column says how loans stand")


def _terms(of: Callable[[str], Floats | None], say: Callable[[tuple[str, ...], float, str], None]) -> None:
    start, end, term = of("origination_date"), of("maturity_date"), of("term_months")
    if start is None or end is None or term is None:
        return
    months = (end - start) / DAYS_A_MONTH
    both = np.isfinite(months) & np.isfinite(term) & (term > 0)
    if not both.any():
        return
    for scale in (1.0, 12.0, 1.0 / DAYS_A_MONTH):
        off = np.abs(months[both] - scale * term[both])
        if float((off <= np.maximum(2.0, 0.03 * months[both])).mean()) >= 0.8:
            say(
                ("origination_date", "maturity_date", "term_months"),
                1.2 if both.sum() > 1 else 0.3,
                "the dates lie the term apart",
            )
            return
    say(("maturity_date",), -1.5, "the dates do not lie the term apart")
    say(("term_months",), -0.3, "the dates do not lie the term apart")


MOST_HOLD = 0.95
DAYS_A_MONTH = 30.4375
