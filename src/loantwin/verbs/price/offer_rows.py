"""What the best offer of one applicant says, and of the grid it is from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from loantwin.verbs.price.rows import Bounds


@dataclass(frozen=True)
class OfferPoint:
    """An offer: money, decimal a year, months, pattern; take_up : share taken up.

    economic_profit : if it is taken up, money over its life. expected_profit : of the offer, take-up in it.
    """

    amount: float
    annual_rate: float
    term_months: int
    pattern: str
    take_up: float
    economic_profit: float
    expected_profit: float


@dataclass(frozen=True)
class OfferReason:
    """Why the offer a step beside is not the one. step : which way, in words. why : the limit that it breaks,
    or that it is worth less. difference : of expected profit, money; None where it may not be made.
    """

    step: str
    why: str
    difference: float | None


@dataclass(frozen=True)
class BestOffer:
    """The best offer to one applicant.

    best : None where none is worth making; `why` then says why. payment : first month's. all_in : rate with
    the fee in it, decimal a year. raroc : decimal a year. expected_loss : money. interval : of
    expected_profit, by paths and the posterior of levers. reasons : the steps beside it. frontier : offers
    that no other beats in both take-up and profit, None where it was not asked for. refused : why -> offers
    of the grid.
    """

    application_id: str
    best: OfferPoint | None
    payment: float | None
    all_in: float | None
    annual_pd: float | None
    expected_loss: float | None
    raroc: float | None
    interval: Bounds | None
    reasons: tuple[OfferReason, ...]
    frontier: tuple[OfferPoint, ...] | None
    refused: Mapping[str, int]
    why: str | None


@dataclass(frozen=True)
class BudgetLine:
    """A segment's budget. expected : to be lent. price : what one more unit of money would earn."""

    segment: str
    budget: float
    expected: float
    price: float


@dataclass(frozen=True)
class OffersMade:
    """The best offers from a grid.

    offers : of the grid for each applicant. made : applicants with one. expected_profit, expected_lending,
    take_up : of them all, take_up a mean. bound : what no choice under the budgets can be worth more than.
    asked : how many offers the policy was asked about. rows : in the order of the applications.
    """

    grid: str
    offers: int
    policy: str | None
    made: int
    expected_profit: float
    expected_lending: float
    take_up: float
    bound: float
    asked: int
    limits: Mapping[str, float]
    limits_source: str
    budgets: tuple[BudgetLine, ...]
    rows: tuple[BestOffer, ...]
