"""The conformance check of provision standards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from typing import Any

import numpy as np

from loantwin.arrays import Integers
from loantwin.config import Config
from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.columns import loan_columns, take
from loantwin.engine.rows import TransitionParameters
from loantwin.errors import RiskError, expected
from loantwin.registry import entry_name
from loantwin.risk.allowance import totals
from loantwin.risk.facts import Standing
from loantwin.risk.provisions.measurement import Portfolio, WeightedScenario, exposures
from loantwin.risk.provisions.provisions import STANDARDS, BesideLoans, Provision, ProvisionStandard

LOANS, MONTHS = 24, 48
KEYS = (
    "standard",
    "as_of",
    "currency",
    "exposure",
    "allowance",
    "allowance_gross",
    "by_scenario",
    "not_observable",
)
"""What every allowance says, beside one of `PARTS`."""
PARTS = ("by_stage", "by_class", "by_pool")
NEAR = 1e-9


def check_standard(standard: str | ProvisionStandard) -> None:
    """Raise RiskError, naming the standard, where its allowance is not what `provisions` promises.

    It measures a made-up book of 24 loans under two scenarios: performing, past due, forborne, watched and in
    default, partly guaranteed, partly undrawn, of two segments and a vintage, with and without known arrears.

    Parameters
    ----------
    standard : its name, or the function itself.

    Raises
    ------
    RiskError : an answer without the keys of `provisions`; an exposure that is not the book's; an allowance
        below 0, or above the one before guarantees; parts that do not sum to the whole; scenarios other than
        those asked for; loans changed by the measurement; another answer to the same question, or to the same
        loans in another order; an allowance of a book that is empty or wholly guaranteed.
    LoantwinError : a figure that is NaN or infinite.
    """
    name = entry_name(standard)
    measure = STANDARDS.named(standard, error=RiskError) if isinstance(standard, str) else standard
    book, scenarios = sample_portfolio(), sample_scenarios()
    kept = {item.name: np.copy(getattr(book.columns, item.name)) for item in fields(book.columns)}
    made = _measured(name, measure, book, scenarios)
    for column, before in kept.items():
        if not np.array_equal(before, getattr(book.columns, column)):
            raise _wrong_standard(name, f"{column} of the loans left as it was", "changed")
    _check_answer(name, made, book, scenarios)
    if _figures(_measured(name, measure, book, scenarios)) != _figures(made):
        raise _wrong_standard(name, "the same allowance of the same book", "another")
    backwards = _figures(_measured(name, measure, part_of(book, np.arange(LOANS)[::-1]), scenarios))
    if not np.allclose(backwards, _figures(made), rtol=NEAR, atol=0.0):
        raise _wrong_standard(name, "the same allowance whatever the order of the loans", f"{backwards[1]}")
    empty = _figures(_measured(name, measure, part_of(book, np.arange(0)), scenarios))
    if empty != (0.0, 0.0, 0.0):
        raise _wrong_standard(name, "nothing owed by a book without loans", empty[1])
    covered = replace(book, columns=replace(book.columns, guaranteed=np.ones(LOANS)))
    _, net, gross = _figures(_measured(name, measure, covered, scenarios))
    if net != 0.0 or abs(gross - _figures(made)[2]) > NEAR * gross:
        raise _wrong_standard(
            name, "an allowance of 0 net of full guarantees, the same before them", f"{net}, {gross}"
        )


def sample_portfolio() -> Portfolio:
    """Return the book that standards are tried on."""
    place = np.arange(LOANS)
    columns = loan_columns(
        segment=place % 3,
        age=place % 20,
        state=np.where(place % 6 == 4, 1, 0),
        product=np.where(place % 4 == 3, 2, 0),
        remaining_months=6 + place * 7 % (MONTHS - 6),
        principal=1_000.0 * (1 + place),
        annual_rate=0.04 + 0.005 * (place % 9),
        undrawn=np.where(place % 5 == 0, 400.0, 0.0),
        accrued_interest=5.0 * (place % 4),
        guaranteed=np.where(place % 7 == 0, 0.5, 0.0),
        weight=np.where(place % 8 == 0, 2.5, 1.0),
    )
    days = np.array([0.0, 0.0, 45.0, np.nan, 20.0, 120.0])[place % 6]
    never = np.zeros(LOANS, dtype=bool)
    defaulted = place % 6 == 5
    return Portfolio(
        as_of=date(2024, 12, 31),
        currency="EUR",
        parameters=_parameters(),
        lgd=LossGivenDefault(
            np.full((3, 1), 0.5), np.full((3, 1), 0.1), np.ones(1), np.array([0.0, 0.5, 0.5])
        ),
        columns=columns,
        standing=Standing(
            days_past_due=days,
            defaulted=defaulted,
            forborne=place % 9 == 2,
            watch=place % 11 == 1,
            not_observable=(),
            delinquency=True,
            months_in_default=np.where(defaulted, 2, 0),
            months_since_default=np.full(LOANS, np.nan),
            credit_impaired_at_origination=never,
        ),
        historical=np.ones(3),
    )


def sample_scenarios() -> tuple[WeightedScenario, ...]:
    """Return a calm and a bad economy of one path each, over the longest life in the book."""
    calm = np.ones((1, MONTHS, 3))
    bad = calm.copy()
    bad[:, :, :2] = 2.0
    return WeightedScenario("calm", 0.75, calm), WeightedScenario("bad", 0.25, bad)


def part_of(book: Portfolio, loans: Integers) -> Portfolio:
    """Return a portfolio of some loans, in their order."""
    state = book.standing
    picked: dict[str, Any] = {
        item.name: value[loans] if isinstance(value := getattr(state, item.name), np.ndarray) else value
        for item in fields(state)
    }
    return replace(book, columns=take(book.columns, loans), standing=Standing(**picked))


def _parameters() -> TransitionParameters:
    """Return a model of two live states: 1 % a month in arrears, a third of these cured, a tenth defaults."""
    return TransitionParameters(
        states=("current", "dpd_1_29", "default"),
        live=2,
        origin=np.array([0, 1, 1]),
        target=np.array([1, 2, 0]),
        age=np.log(np.array([[0.01 / 0.99], [0.1 / 0.57], [0.33 / 0.57]])),
        segment=np.array([[0.0, 0.5, 0.6], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]),
        macro=np.zeros((3, 0)),
        loading=np.zeros((3, 0)),
        segments=("instalment|A", "instalment|B", "instalment|B|vintage 2023"),
        factors=(),
        latents=(),
        default_state=2,
        prepaid_state=-1,
    )


def _measured(
    name: str, measure: ProvisionStandard, book: Portfolio, scenarios: tuple[WeightedScenario, ...]
) -> Provision:
    return _answer(name, measure(book, scenarios, Config(), BesideLoans()))


def _answer(name: str, made: object) -> Provision:
    if not isinstance(made, Provision):
        raise _wrong_standard(name, "a PooledAllowance", type(made).__name__)
    missing = [key for key in KEYS if not hasattr(made, key)]
    if missing:
        raise _wrong_standard(name, "the keys " + ", ".join(KEYS), f"no {missing[0]}")
    if len([key for key in PARTS if hasattr(made, key)]) != 1:
        raise _wrong_standard(name, "one of " + ", ".join(PARTS), "none or several")
    made.to_dict()
    return made


def _figures(made: Provision) -> tuple[float, float, float]:
    return made.exposure, made.allowance, made.allowance_gross


def _check_answer(
    name: str, made: Provision, book: Portfolio, scenarios: tuple[WeightedScenario, ...]
) -> None:
    if (made.as_of, made.currency) != (book.as_of, book.currency):
        raise _wrong_standard(
            name, f"the book's {book.as_of} and {book.currency}", f"{made.as_of}, {made.currency}"
        )
    held = exposures(book)
    whole = totals([held.exposure * held.weight])[0][0]
    if abs(made.exposure - whole) > NEAR * whole:
        raise _wrong_standard(
            name, f"an exposure of {whole}, principal and accrued interest by weight", made.exposure
        )
    if not 0.0 <= made.allowance <= made.allowance_gross * (1 + NEAR):
        raise _wrong_standard(
            name,
            "an allowance of at least 0, net of guarantees no more than before them",
            f"{made.allowance} and {made.allowance_gross}",
        )
    parts: Mapping[str, Any] = next(getattr(made, key) for key in PARTS if hasattr(made, key))
    for figure, total in (
        ("loans", len(held.exposure)),
        ("exposure", made.exposure),
        ("allowance", made.allowance),
        ("allowance_gross", made.allowance_gross),
    ):
        total_of_parts = sum(getattr(part, figure) for part in parts.values())
        if abs(total_of_parts - total) > NEAR * abs(total):
            raise _wrong_standard(name, f"parts whose {figure} sum to {total}", total_of_parts)
    weights = {scenario.name: scenario.weight for scenario in scenarios}
    if {key: item.weight for key, item in made.by_scenario.items()} != weights:
        raise _wrong_standard(name, f"by_scenario of {weights}", ", ".join(made.by_scenario))


def _wrong_standard(name: str, what: str, was: object) -> RiskError:
    return RiskError(f"standard {name}: {expected(what, was)}")
