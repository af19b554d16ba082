"""A management action held against doing nothing: what each scenario gives with it and without."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """One book over the horizon, book currency; `balance` and `allowance` at its end.

    credit_loss : change of allowance + net charge-offs + loss on sales. profit : net interest income - credit
        loss - collection cost. cash_gap : received less paid. lowest_ratio : of common equity, null where no
        capital was given.
    """

    defaulted: float
    charged_off: float
    net_interest_income: float
    new_lending: float
    balance: float
    allowance: float
    credit_loss: float
    sale_proceeds: float
    sale_loss: float
    profit: float
    cash_gap: float
    lowest_ratio: float | None


@dataclass(frozen=True)
class ActionEffect:
    """A scenario without the action, with it, and the difference of each figure."""

    without: Outcome
    taken: Outcome
    difference: Mapping[str, float | None]


@dataclass(frozen=True)
class ActionTaken:
    """name : as asked for. words : what is done. assumed : its basis. scenarios : both outcomes by name."""

    name: str
    words: str
    assumed: tuple[str, ...]
    scenarios: Mapping[str, ActionEffect]
