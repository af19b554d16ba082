"""A twin's price: equal to what the outlook says of applications, and to a schedule paid month by month."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import loantwin as lt
from loantwin.config import Config, Funding, Pricing
from loantwin.decisions.pricing.kinds import Kinds, distinct
from loantwin.outlook.applications import Applications
from loantwin.outlook.applied import applied
from loantwin.outlook.drawn_prices import Drawn
from loantwin.outlook.priced import Pricer
from loantwin.risk.capital.classes import NAMES
from loantwin.risk.capital.irb import irb_capital
from tests.scored_book import AS_OF, scored_book

HORIZON = 36


@pytest.fixture(scope="module")
def outlook(tmp_path_factory: pytest.TempPathFactory) -> lt.Outlook:
    folder = tmp_path_factory.mktemp("priced")
    book = scored_book(folder, loans=1_500, cases=400)
    lt.twin_create(folder / "twin", book.tape, book.mapping, AS_OF)
    lt.fit(folder / "twin")
    return lt.Outlook(lt.open(folder / "twin"))


def kinds(rows: int, seed: int = 1, segments: int = 2) -> Kinds:
    random = np.random.default_rng(seed)
    none = np.zeros(rows, dtype=np.int64)
    return Kinds(
        random.integers(0, segments, rows), none, none, random.choice([12, 24, 36], rows),
        np.round(random.uniform(0.05, 0.2, rows), 4), np.round(random.uniform(1e3, 2e4, rows), 2),
        np.zeros(rows), np.full(rows, NAMES.index("retail_other"), dtype=np.int8), np.full(rows, 0.75),
    )  # fmt: skip


def under(outlook: lt.Outlook, **changes: object) -> lt.Outlook:
    config = replace(Config(), **{"run": outlook.twin.config.run, **changes})  # type: ignore[arg-type]
    return lt.Outlook(outlook.twin.using(config))


def test_without_a_curve_it_is_what_applications_come_to(outlook: lt.Outlook) -> None:
    asked = kinds(40)
    none = np.zeros(40)
    apps = Applications(asked.segment, asked.product, asked.amount, asked.term, asked.annual_rate, none)
    found = applied(outlook, apps)
    made = Pricer(outlook, HORIZON).valued(asked)
    assert made.parts.interest == pytest.approx(found.interest, rel=1e-10)
    assert made.parts.funding == pytest.approx(found.funding, rel=1e-10)
    assert made.parts.operating == pytest.approx(found.servicing, rel=1e-10)
    assert made.parts.expected_loss == pytest.approx(found.expected_loss, rel=1e-10)
    assert made.annual_pd == pytest.approx(found.annual_pd, rel=1e-10)
    assert made.unit.lifetime_pd == pytest.approx(found.lifetime_pd, rel=1e-10)


CURVE = "1m 0.02, 12m 0.03, 3y 0.045"


def test_with_a_curve_too_a_decision_and_a_price_read_one_truth_about_funding(outlook: lt.Outlook) -> None:
    """The price is held to a schedule paid month by month below; what applications come to, to the price."""
    asked, stated = kinds(40), under(outlook, funding=Funding(curve=CURVE, spread=0.01))
    apps = Applications(
        asked.segment, asked.product, asked.amount, asked.term, asked.annual_rate, np.zeros(40)
    )
    found, flat = applied(stated, apps), applied(outlook, apps)
    made = Pricer(stated, HORIZON).valued(asked)
    assert found.funding == pytest.approx(made.parts.funding, rel=1e-10)
    assert found.expected_loss == pytest.approx(made.parts.expected_loss, rel=1e-10)
    assert found.interest == pytest.approx(made.parts.interest, rel=1e-10)
    assert (found.funding > flat.funding).all(), "no tenor of the curve with its spread is below 3 %"


PRICING = Pricing(
    hurdle_rate=0.12, capital_ratio=0.1, tax_rate=0.2, acquisition_rate=0.01, acquisition_cost=25.0,
    monthly_cost=1.5, origination_fee=0.02, prepayment_cost=0.01,
)  # fmt: skip


def by_schedule(outlook: lt.Outlook, segment: int, amount: float, rate: float, term: int) -> dict[str, float]:
    """Return the parts of one loan, paid month by month in plain Python on every path of the economy."""
    model = outlook.twin.model
    p, lgd = model.parameters, model.lgd
    assert p.live == 1, "one live state: the rows below are written for it"
    assert not outlook.runoff.arrears_months

    def money(month: int) -> float:
        if month <= 12:
            return 0.02 + 0.01 * (month - 1) / 11 + 0.01
        return 0.03 + 0.015 * (month - 12) / 24 + 0.01

    level = amount * rate / 12 / (1 - (1 + rate / 12) ** -term)
    balance, rows, partial = amount, [], float(outlook.runoff.partial_monthly[0])
    for month in range(1, term + 1):
        left = term - month + 1
        level = balance * rate / 12 / (1 - (1 + rate / 12) ** -left)
        due = balance * rate / 12
        repaid = level - due
        extra = 0.0 if month == term else partial * (balance - repaid)
        rows.append((balance, due, repaid + extra, extra))
        balance -= repaid + extra
    assert abs(balance) < 1e-6
    above = sum(repaid * month * money(month) for month, (_, _, repaid, _) in enumerate(rows, 1))
    transfer = above / sum(repaid * month for month, (_, _, repaid, _) in enumerate(rows, 1))
    shocks = outlook.expected(outlook.simulated(HORIZON, 60, outlook.twin.config.run.seed))
    sums = dict.fromkeys(("interest", "years", "months", "loss", "owed", "early", "pd", "life"), 0.0)
    rw_lag = sum(share * (1 + transfer / 12) ** -wait for wait, share in enumerate(lgd.recovery_lag))
    for path in shocks:
        live = 1.0
        for month in range(1, HORIZON + 1):
            age = min(month, p.age.shape[1] - 1)
            odds = [
                float(np.exp(p.age[edge, age] + p.segment[edge, segment]) * path[month - 1, edge])
                for edge in range(len(p.origin))
            ]
            whole = 1.0 + sum(odds)
            default = (
                live * sum(o for o, to in zip(odds, p.target, strict=True) if to == p.default_state) / whole
            )
            payoff = (
                live * sum(o for o, to in zip(odds, p.target, strict=True) if to == p.prepaid_state) / whole
            )
            stay = live / whole
            if month <= 12:
                sums["pd"] += default
            if month <= term:
                worth = (1 + transfer / 12) ** -month
                start, due, _, extra = rows[month - 1]
                place = min(month, lgd.charged_off.shape[1] - 1)
                lost = lgd.charged_off[segment, place] - rw_lag * lgd.recovered[segment, place]
                sums["interest"] += (stay + payoff) * due * worth
                sums["years"] += live * start * worth / 12
                sums["months"] += live * worth
                sums["loss"] += default * start * lost * worth
                sums["owed"] += default * start * worth
                sums["early"] += (stay * extra + payoff * (start if month < term else 0.0)) * worth
                sums["life"] += default
            live = stay
    sums = {name: value / len(shocks) for name, value in sums.items()}
    severity = sums["loss"] / sums["owed"]
    capital_share = 12.5 * irb_capital(sums["pd"], 0.08 + 0.92 * severity, asset_class="retail_other") * 0.1
    capital = capital_share * sums["years"]
    profit = (
        sums["interest"] + 0.02 * amount + transfer * (capital - sums["years"]) - 0.005 * sums["years"]
        - 1.5 * sums["months"] - 0.01 * amount - 25.0 - 0.01 * sums["early"] - sums["loss"]
    )  # fmt: skip
    return {
        "interest": sums["interest"], "funding": transfer * sums["years"], "expected_loss": sums["loss"],
        "capital_cost": 0.12 * capital, "operating": 0.005 * sums["years"] + 1.5 * sums["months"],
        "prepayment": 0.01 * sums["early"], "raroc": 0.8 * profit / capital, "profit": profit,
        "economic_profit": 0.8 * profit - 0.12 * capital,
    }  # fmt: skip


def test_every_part_is_that_of_a_schedule_paid_month_by_month(outlook: lt.Outlook) -> None:
    seen = under(outlook, funding=Funding(curve=CURVE, spread=0.01), pricing=PRICING)
    asked = kinds(4, seed=5)
    made = Pricer(seen, HORIZON).valued(asked).parts
    for row in range(4):
        by_hand = by_schedule(
            seen, int(asked.segment[row]), float(asked.amount[row]), float(asked.annual_rate[row]),
            int(asked.term[row]),
        )  # fmt: skip
        for name, value in by_hand.items():
            assert getattr(made, name)[row] == pytest.approx(value, rel=1e-8), name


def test_break_evens_leave_nothing(outlook: lt.Outlook) -> None:
    seen = under(outlook, funding=Funding(curve=CURVE, spread=0.01), pricing=PRICING)
    asked, pricer = kinds(30, seed=2), Pricer(seen, HORIZON)
    rate = pricer.break_even_rates(asked)
    lived = pricer.lives(asked.segment, asked.shift)
    at_rate = pricer.valued(asked, lived, pricer.contracts(asked, rate)).parts
    assert np.abs(at_rate.economic_profit / asked.amount).max() < 1e-8
    now = pricer.valued(asked)
    pd = pricer.break_even_pds(asked)
    there = np.isfinite(pd)
    earns = now.parts.economic_profit > 0
    assert earns.any()
    assert (pd[there & earns] > now.annual_pd[there & earns]).all()
    assert (rate[earns] < asked.annual_rate[earns]).all()
    assert (rate[~earns] > asked.annual_rate[~earns]).all()


def test_more_risk_and_dearer_money_never_cost_less(outlook: lt.Outlook) -> None:
    asked = kinds(30, seed=3)
    base = Pricer(outlook, HORIZON)
    worse = base.valued(base.at_shift(asked, 0.3)).parts
    plain = base.valued(asked).parts
    assert (worse.expected_loss > plain.expected_loss).all()
    assert (worse.economic_profit < plain.economic_profit).all()
    dear = Pricer(under(outlook, funding=Funding(curve="1m 0.06")), HORIZON).valued(asked).parts
    assert (dear.economic_profit < plain.economic_profit).all()


def test_drawn_paths_scatter_round_what_is_expected(outlook: lt.Outlook) -> None:
    asked = kinds(12, seed=4, segments=1)
    pricer = Pricer(outlook, HORIZON)
    drawn = Drawn(pricer, 300, 7).valued(0, asked, np.ones(12)).parts.expected_loss
    low, high = np.quantile(drawn, (0.05, 0.95), axis=0)
    expected = pricer.valued(asked).parts.expected_loss
    assert ((low < expected) & (expected < high)).all()


def test_kinds_stand_once() -> None:
    asked = kinds(50, seed=6)
    doubled = asked.take(np.concatenate([np.arange(50), np.arange(50)[::-1]]))
    once, place = distinct(doubled)
    assert len(once) == 50
    assert (once.take(place).amount == doubled.amount).all()
