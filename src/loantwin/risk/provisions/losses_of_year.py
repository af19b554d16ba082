"""The several losses of a period in one table: what each counts, over which horizon, and what it leaves out.

Two sums tie them together, to the minor unit:

    charge to profit = charged off, net of guarantors - recovered + change of the allowance
                       - unwind of stage 3
    in default at the closing = at the opening + defaulted - cured - repaid and derecognised - charged off
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from loantwin import arguments as check
from loantwin.risk.provisions.movement import DERECOGNISED, IMPAIRED, Line, placed


@dataclass(frozen=True)
class LossFigure:
    """One of the losses, book currency. gross, net : before and after guarantees, None where not told apart.

    horizon : the months it looks at. leaves_out : what somebody may expect in it that is not there.
    """

    gross: float | None
    net: float | None
    horizon: str
    leaves_out: str


@dataclass(frozen=True)
class ExpectedAtOpening:
    """Expected loss of the opening's loans that were not in default, weighted, present values."""

    year_gross: float
    year: float
    lifetime_gross: float
    lifetime: float


@dataclass(frozen=True)
class LossesOfYear:
    """The losses of a period side by side, and the two sums that tie them.

    figures : name -> figure. charge : from charge-offs to the charge to profit; the last is the sum of the
    others. in_default : gross carrying amount in stage 3 from opening to closing; likewise.
    """

    figures: Mapping[str, LossFigure]
    charge: Mapping[str, float]
    in_default: Mapping[str, float]


def in_default_stock(groups: pl.DataFrame, minor_units: int = 100) -> dict[str, float]:
    """Return what moved the gross carrying amount in default (stage 3), from `movement.added_up`.

    defaulted : opening amount of loans that came into stage 3 since, written off or not, and what was lent
    since and is in default or written off. cured : of loans that left it for stages 1 and 2.
    """
    check.kind(pl.DataFrame, groups=groups)
    check.count(1, minor_units=minor_units)
    groups = groups.with_columns(placed().alias("place"))
    before, after, lost = (pl.col(f"gross_{name}") for name in ("before", "after", "written_off"))
    was, now = pl.col("origin") == IMPAIRED, pl.col("place") == IMPAIRED
    fresh = pl.col("origin") == 0
    parts = {
        "opening": before * was,
        "defaulted": before * (~was & now & ~fresh) + (after + lost) * (fresh & now),
        "cured": -before * (was & pl.col("place").is_in([1, 2])),
        "derecognised": -before * (was & (pl.col("kind") == DERECOGNISED)),
        "changes": (after - before + lost) * (now & ~fresh),
        "charged_off": -lost * now,
        "closing": after * (pl.col("target") == IMPAIRED),
    }
    sums = groups.select(**{name: part.sum() for name, part in parts.items()}).row(0, named=True)
    return {name: int(amount) / minor_units for name, amount in sums.items()}


def losses_of_year(
    groups: pl.DataFrame,
    table: Mapping[str, Line],
    charged_off: tuple[float, float],
    recovered: float | None,
    unwind_impaired: float,
    expected: ExpectedAtOpening | None = None,
    minor_units: int = 100,
) -> LossesOfYear:
    """Return the losses of a period side by side.

    charged_off : before guarantees and net of them. recovered : None where the source does not tell.
    unwind_impaired : of stage 3, taken from interest revenue.
    """
    check.kind(pl.DataFrame, groups=groups)
    check.kind(Mapping, table=table)
    check.each(float, charged_off=charged_off)
    check.number(unwind_impaired=unwind_impaired, **check.given(recovered=recovered))
    check.kind(ExpectedAtOpening, **check.given(expected=expected))
    check.count(1, minor_units=minor_units)

    def rounded(amount: float) -> float:
        return round(amount * minor_units) / minor_units

    stock = in_default_stock(groups, minor_units)
    back = 0.0 if recovered is None else recovered
    opening, closing = table["opening"].amount, table["closing"].amount
    gross, net = charged_off
    charge = {
        "charged_off_net": net,
        "recovered": -back,
        "change_of_allowance": rounded(closing - opening),
        "unwind_impaired": -unwind_impaired,
    }
    charge["charge"] = rounded(sum(charge.values()))
    seen: tuple[float | None, float | None, float | None, float | None]
    seen = (None, None, None, None) if expected is None else (
        expected.year_gross, expected.year, expected.lifetime_gross, expected.lifetime
    )  # fmt: skip
    year, life = "the 12 months after the opening", "the remaining lives after the opening"
    figures = {
        "defaulted": LossFigure(
            stock["defaulted"], None, "the period",
            "what comes back: nothing is deducted; loans that defaulted and cured within the period",
        ),
        "charged_off": LossFigure(
            gross, net, "the period",
            "recoveries later; loans in default whose charge-off has not come; interest never accrued",
        ),
        "recovered": LossFigure(
            recovered, recovered, "the period",
            "it belongs to charge-offs of earlier periods too; what a guarantor pays",
        ),
        "net_charge_offs": LossFigure(
            rounded(gross - back), rounded(net - back), "the period",
            "loans in default whose charge-off has not come: it lags defaults by the months of workout",
        ),
        "expected_12m": LossFigure(
            seen[0], seen[1], year,
            "loans in default at the opening; loans made since; defaults after 12 months; it is a present "
            "value of losses of defaults, whenever these are charged off",
        ),
        "expected_lifetime": LossFigure(
            seen[2], seen[3], life,
            "loans in default at the opening; loans made since",
        ),
        "allowance_opening": LossFigure(
            None, opening, "12 months in stage 1, life in 2, what is still to come in 3",
            "lifetime loss beyond 12 months in stage 1; loans made since",
        ),
        "allowance_closing": LossFigure(
            None, closing, "the same, seen from the closing", "losses charged off already",
        ),
        "charge": LossFigure(
            None, charge["charge"], "the period",
            "the unwind of stage 3, which lowers interest revenue; funding and servicing",
        ),
    }  # fmt: skip
    return LossesOfYear(figures, charge, stock)
