"""The best of 450 offers for each of 1,000 applicants: against every offer valued and judged one by one."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.config import Config, Funding, Pricing
from loantwin.decisions.offers.fitted import Levers
from loantwin.decisions.pricing.effects import price_effects
from loantwin.decisions.pricing.kinds import Kinds, distinct
from loantwin.decisions.pricing.offer_grid import OfferGrid, OfferLimits, read_grid
from loantwin.errors import ConfigError, UsageError
from loantwin.outlook.applications import applications_of
from loantwin.outlook.priced import Pricer
from loantwin.risk.capital.classes import NAMES
from tests.scored_book import AS_OF, scored_book

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
APPLICANTS = 1_000
LEGAL = 0.5
PRICING = Pricing(
    acquisition_cost=40.0, monthly_cost=1.0, origination_fee=0.01, offer_cost=2.0, take_up=0.4,
    take_up_amount=1.5, take_up_payment=0.8,
)  # fmt: skip
LEVERS = Levers(
    ("amount_log_slope", "late_log_odds_slope", "take_up_log_slope"), np.array([-0.9, 0.05, -0.7]),
    np.diag([0.01, 0.001, 0.01]), np.zeros(3), "percent a month", 12.0, "USD", 0.5, 1.5, True, "drawn",
    "made up", "0" * 64,
)  # fmt: skip


@pytest.fixture(scope="module")
def outlook(tmp_path_factory: pytest.TempPathFactory) -> lt.Outlook:
    folder = tmp_path_factory.mktemp("offered")
    book = scored_book(folder, loans=1_500, cases=400)
    lt.twin_create(folder / "twin", book.tape, book.mapping, AS_OF)
    lt.fit(folder / "twin")
    twin = lt.open(folder / "twin")
    config = replace(
        Config(), run=twin.config.run, pricing=PRICING, funding=Funding(curve="1m 0.02, 5y 0.04", spread=0.01)
    )
    return lt.Outlook(twin.using(config))


def applicants(rows: int, seed: int = 3) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "application_id": [f"A-{row}" for row in range(rows)],
            "amount": random.choice([1_000.0, 4_000.0, 7_500.0, 12_000.0, 20_000.0], rows),
            "term_months": random.choice([12, 24, 36], rows),
            "annual_rate": np.round(random.uniform(0.06, 0.18, rows), 4),
            "grade": random.choice(["A", "B"], rows),
            "annual_income": pl.Series(
                np.where(random.random(rows) < 0.03, np.nan, np.round(random.uniform(9e3, 6e4, rows)))
            ).fill_nan(None),
            "monthly_debt": np.round(random.uniform(0, 900, rows)),
            "exposures.borrower": np.round(random.uniform(0, 30_000, rows)),
        }
    )  # fmt: skip


def grid() -> OfferGrid:
    """Return the example's grid at the rates that loans of so much risk bear."""
    made = read_grid(EXAMPLES / "offer_grid.toml")
    limits = OfferLimits(rate=LEGAL, payment_share=0.35, borrower=35_000.0, least_raroc=0.15)
    return replace(made, rates=tuple(round(0.14 + 0.03 * step, 2) for step in range(15)), limits=limits)


def policy(folder: Path) -> Path:
    """Return the example's policy with its cuts of PD where this book's loans lie."""
    text = (EXAMPLES / "offer_policy.json").read_text()
    file = folder / "offer_policy.json"
    file.write_text(text.replace("0.08", "0.22").replace("0.04", "0.17"))
    return file


def brute_force(outlook: lt.Outlook, frame: pl.DataFrame, offers: OfferGrid) -> list[tuple[object, ...]]:
    """Return the best offer of each and its value, every one valued at its own amount and judged by hand."""
    pricer, effects = Pricer(outlook, max(offers.terms)), price_effects(LEVERS)
    combos = [(s, t, r) for s in offers.shares for t in offers.terms for r in offers.rates]
    rows = [
        (a["grade"], math.floor(a["amount"] * s * 100 + 1e-6) / 100, t, r)
        for a in frame.iter_rows(named=True)
        for s, t, r in combos
    ]
    grade, amount, term, rate = (list(column) for column in zip(*rows, strict=True))
    loans = pl.DataFrame(
        {
            "loan_id": [str(n) for n in range(len(rows))], "product": "instalment",
            "originated_amount": amount, "approved_amount": amount, "term_months": term,
            "annual_rate": rate, "origination_grade": grade,
        }
    )  # fmt: skip
    segment = applications_of(outlook, loans, np.full(len(rows), np.nan)).segment
    reference = pricer.reference_rates[segment]
    added = np.array(rate) - reference
    taken = np.array(amount) * np.minimum(np.exp((-0.9 + 0.7) * 100 / 12 * added), 1.0)
    none = np.zeros(len(rows), dtype=np.int64)
    kinds = Kinds(
        segment, none, none, np.array(term), np.array(rate), taken, effects.shift(added),
        np.full(len(rows), NAMES.index("retail_other"), dtype=np.int8), np.full(len(rows), 0.75),
    )  # fmt: skip
    once, place = distinct(kinds)
    found = pricer.valued(once)
    profit, raroc, pd = (
        values[place] for values in (found.parts.economic_profit, found.parts.raroc, found.annual_pd)
    )
    best: list[tuple[object, ...]] = []
    for row, a in enumerate(frame.iter_rows(named=True)):
        top: tuple[object, ...] = (None, None, None, 0.0)
        usual = level(a["amount"], float(reference[row * len(combos)]), a["term_months"])
        for at, (_, t, r) in enumerate(combos, start=row * len(combos)):
            money, pay = amount[at], level(amount[at], r, t)
            if 12 * monthly_rate(money * 0.99, pay, t) > LEGAL + 1e-12:
                continue
            income = a["annual_income"]
            if income is None or a["monthly_debt"] + pay > 0.35 * income / 12 + 1e-9:
                continue
            if a["exposures.borrower"] + money > 35_000 or raroc[at] < 0.15:
                continue
            if not approved(float(pd[at]), money, t):
                continue
            odds = 0.4 / 0.6 * math.exp(
                -0.7 * 100 / 12 / 0.6 * float(added[at]) - 1.5 * math.log(a["amount"] / money)
                - 0.8 * math.log(pay / usual)
            )  # fmt: skip
            value = odds / (1 + odds) * float(profit[at]) - 2.0
            if value > top[3]:  # type: ignore[operator]  # a float
                top = (money, t, r, value)
        best.append(top)
    return best


def level(amount: float, rate: float, term: int) -> float:
    return amount * rate / 12 / (1 - (1 + rate / 12) ** -term)


def monthly_rate(lent: float, pay: float, term: int) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        worth = pay * (1 - (1 + middle) ** -term) / middle
        low, high = (middle, high) if worth > lent else (low, middle)
    return low


def approved(pd: float, amount: float, term: int) -> bool:
    """Return what examples/offer_policy.json says, its cuts moved."""
    if pd > 0.22 or (amount < 5_000 and term > 48):
        return False
    return not (pd > 0.17 and amount >= 5_000 and term > 48)


@pytest.mark.slow
def test_1000_applicants_get_what_looking_at_every_offer_finds(outlook: lt.Outlook, tmp_path: Path) -> None:
    frame, offers = applicants(APPLICANTS), grid()
    made = lt.price(
        frame, twin=outlook.twin, levers=LEVERS, offers=offers, policy=policy(tmp_path), paths=2
    ).offers
    assert made is not None
    assert made.offers == 450
    wanted = brute_force(outlook, frame, offers)
    there = 0
    for item, (amount, term, rate, value) in zip(made.rows, wanted, strict=True):
        if amount is None:
            assert item.best is None
            continue
        assert item.best is not None
        there += 1
        assert item.best.expected_profit == pytest.approx(value, rel=1e-9)
        assert (item.best.amount, item.best.term_months, item.best.annual_rate) == (amount, term, rate)
    assert 300 < there < 990
    assert made.asked < 20 * APPLICANTS, "of 450 each: the policy is asked about what might be best"


def test_the_policy_is_asked_one_by_one_as_over_columns(outlook: lt.Outlook, tmp_path: Path) -> None:
    pytest.importorskip("zen", reason="not installed: zen-engine; pip install 'loantwin[policy]'")
    frame, offers = applicants(25, seed=8), grid()
    told = {"levers": LEVERS, "offers": offers, "policy": policy(tmp_path), "paths": 2}
    many = lt.price(frame, twin=outlook.twin, **told).offers
    assert many is not None
    for row in (0, 7, 24):
        alone = lt.price(frame[row : row + 1], twin=outlook.twin, **told).offers
        assert alone is not None
        assert alone.rows[0].best == many.rows[row].best
        assert alone.rows[0].refused == many.rows[row].refused


def test_a_better_neighbour_is_never_told(outlook: lt.Outlook) -> None:
    made = lt.price(applicants(60, seed=5), twin=outlook.twin, levers=LEVERS, offers=grid(), paths=2).offers
    assert made is not None
    for item in made.rows:
        assert all(reason.difference is None or reason.difference <= 0.0 for reason in item.reasons)
        if item.best is not None and item.frontier is not None:
            assert item.best.expected_profit == max(point.expected_profit for point in item.frontier)


def test_budgets_of_segments_are_kept(outlook: lt.Outlook) -> None:
    frame = applicants(400, seed=6)
    free = lt.price(frame, twin=outlook.twin, levers=LEVERS, offers=grid(), paths=2).offers
    assert free is not None
    bound = replace(grid(), budgets={"A": free.expected_lending / 6, "B": 1e9})
    made = lt.price(frame, twin=outlook.twin, levers=LEVERS, offers=bound, paths=2).offers
    assert made is not None
    lines = {line.segment: line for line in made.budgets}
    assert lines["A"].expected <= lines["A"].budget
    assert lines["A"].price > 0.0
    assert lines["B"].price == 0.0
    assert made.bound * 0.98 <= made.expected_profit <= made.bound
    assert made.expected_profit < free.expected_profit
    with pytest.raises(UsageError, match=r"field budgets\.Z: expected a segment of the twin"):
        lt.price(frame, twin=outlook.twin, offers=replace(grid(), budgets={"Z": 1.0}), paths=2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("format = 2", "field format: expected 1"),
        ("format = 1\nterms = [12]\nannual_rates = [0.1]", "amounts or amount_shares, was 'neither'"),
        ("format = 1\namounts = [1]\nterms = [12.5]\nannual_rates = [0.1]", "expected whole months"),
        ("format = 1\namounts = [1]\nterms = [12]\nannual_rates = [12]", "annual_rates: expected a list"),
        ('{WHOLE}\npatterns = ["x"]', "field patterns"),
        ('{WHOLE}\n[limits]\nrates = 1', "limits.rates"),
        ('{WHOLE}\nterm = 3', "field term"),
    ],
)  # fmt: skip
def test_a_grid_that_is_none_is_refused_by_field(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "grid.toml"
    file.write_text(text.replace("{WHOLE}", "format = 1\namounts = [1]\nterms = [12]\nannual_rates = [0.1]"))
    with pytest.raises(ConfigError) as caught:
        read_grid(file)
    assert words in str(caught.value)
    assert "grid.toml" in str(caught.value)


def test_the_example_fits_its_schema() -> None:
    import tomllib

    import jsonschema

    schema = json.loads(json.dumps(lt.schema("grid").to_dict()))
    document = tomllib.loads((EXAMPLES / "offer_grid.toml").read_text())
    jsonschema.validate(document, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**document, "rates": [1]}, schema)
