"""Size of a loan: bands of its amount against its product's median, made from the loans that are known.

Small loans and large ones fail at other rates, and lose other shares. The band is the loan's own, fixed at
origination, so that numbers and money come from one draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from loantwin.arrays import Floats, Integers
from loantwin.book.mapping import TapeFormat, ValueBands
from loantwin.book.schema import DEFAULT_STATES
from loantwin.engine.rows import SCORE, SIZE, VINTAGE

AMOUNTS = ("originated_amount", "approved_amount")
"""Columns that say how large a loan was when it was made; a mapping that bands one has its own size bands."""
LEAST_SPREAD = 0.1
"""Standard deviation of the log of the amount below which loans are taken to be of one size."""
LEAST_EVENTS = 30.0
"""Effective defaults or charge-offs below which nothing is asked of size."""
LEAST_KNOWN = 0.5
"""Share of loans whose amount must be known."""
ANY = ""
"""The product whose median a product that was never seen reads."""


@dataclass(frozen=True)
class SizeBands:
    """Bands of size, K of them, numbered from 1 in labels; a loan without an amount is in none.

    breaks : (K - 1,) rising, amount at origination over its product's median; a band holds its upper end.
    medians : product -> median amount, currency of the book; "" for a product that is not in it.
    charged_off, recovered : (K,) factors on loss given default of the segment and age.
    """

    breaks: tuple[float, ...]
    medians: Mapping[str, float]
    charged_off: tuple[float, ...] = ()
    recovered: tuple[float, ...] = ()

    @property
    def count(self) -> int:
        """Return the number of bands."""
        return len(self.breaks) + 1

    @property
    def words(self) -> tuple[str, ...]:
        """Return what each band holds."""
        ends = [f"{end:.3g}" for end in self.breaks]
        between = [f"{low} to {high}" for low, high in pairwise(ends)]
        return (f"up to {ends[0]}", *between, f"above {ends[-1]}")

    @classmethod
    def from_dict(cls, stored: Mapping[str, Sequence[float] | Mapping[str, float]]) -> SizeBands:
        """Return the bands a model file holds."""
        lists = {name: tuple(stored[name]) for name in ("breaks", "charged_off", "recovered")}
        return cls(**lists, medians=dict(stored["medians"]))  # type: ignore[arg-type]  # what to_dict wrote


def size_bands(
    loans: pl.DataFrame, mapping: TapeFormat, events: float, wanted: int
) -> tuple[SizeBands | None, str]:
    """Return bands of size at the quantiles of the known loans, or None, and why, in words for a note.

    Parameters
    ----------
    loans : (N,) rows of the loan table as known. events : effective defaults or charge-offs known, all loans.
    wanted : bands at most; fewer where many loans have one amount, below 2 none.
    """
    if wanted < 2:
        return None, ""
    if any(isinstance(part, ValueBands) and part.column in AMOUNTS for part in mapping.segment_by):
        return None, ""
    if events < LEAST_EVENTS:
        return None, (
            f"size of loans is left out: {events:.0f} effective events known, fewer than {LEAST_EVENTS:.0f}"
        )
    amount = _amount(loans)
    there = np.isfinite(amount)
    if there.mean() < LEAST_KNOWN:
        return (
            None,
            f"size of loans is left out: the amount at origination of {1 - there.mean():.0%} is missing",
        )
    known = loans.filter(pl.Series(there)).select("product", amount=pl.Series(amount[there]))
    by_product = (
        known.group_by("product").agg(pl.col("amount").median()).drop_nulls("product").sort("product")
    )
    medians = {ANY: float(np.median(amount[there])), **dict(by_product.iter_rows())}
    ratio = amount[there] / _medians(loans, medians)[there]
    if np.std(np.log(ratio)) < LEAST_SPREAD:
        return None, "size of loans is left out: their amounts barely vary"
    # Trap: a hazard that does not know size. Small loans are charged off most: without their size, too few
    # cases are forecast, each too dear, and the money looks right.
    # a band ends at a value that loans have: what equals it is in one band whatever its last bits
    ends = np.quantile(ratio, np.arange(1, wanted) / wanted, method="inverted_cdf")
    breaks = tuple(float(end) for end in np.unique(ends[ends < ratio.max()]))
    if not breaks:
        return None, "size of loans is left out: most have one amount"
    made = SizeBands(breaks, medians)
    return made, (
        "the amount at origination over its product's median counts in every edge and in loss given default, "
        f"in {made.count} bands: {'; '.join(made.words)}"
    )


def band_of(loans: pl.DataFrame, bands: SizeBands) -> Integers:
    """Return each loan's band, 0 to K - 1, (N,); -1 where no amount is known."""
    amount = _amount(loans)
    ratio = amount / _medians(loans, bands.medians)
    place = np.searchsorted(np.asarray(bands.breaks), ratio, side="left").astype(np.int64)
    return np.where(np.isfinite(ratio), place, -1)


def sized_labels(labels: pl.Series, loans: pl.DataFrame, bands: SizeBands | None) -> pl.Series:
    """Return segment labels with the loan's band of size, (N,): "X|size band 2"; as they are without one."""
    if bands is None:
        return labels
    band = pl.Series(band_of(loans, bands))
    frame = pl.DataFrame({"label": labels, "band": band})
    sized = pl.concat_str("label", pl.lit(SIZE), (pl.col("band") + 1).cast(pl.String))
    return frame.select(
        pl.when(pl.col("band") >= 0).then(sized).otherwise("label").alias("label")
    ).to_series()


def band_in(label: str) -> int:
    """Return the band that a label names, from 0; -1 for none."""
    number = label.partition(VINTAGE)[0].partition(SCORE)[0].partition(SIZE)[2]
    return int(number) - 1 if number.isdigit() else -1


def known_events(loans: pl.DataFrame, panel: pl.DataFrame | None) -> float:
    """Return how many effective defaults (of a panel) or charge-offs (of outcomes) a history holds."""
    if panel is not None:
        bad = panel["state"].is_in([*DEFAULT_STATES, "charged_off"]).fill_null(False)
        there = loans["loan_id"].is_in(panel["loan_id"].filter(bad).unique().implode())
    else:
        there = loans["charge_off_date"].is_not_null() & (loans["charged_off"] > 0)
    weight = loans["weight"].filter(there.fill_null(False)).to_numpy()
    return float(weight.sum() ** 2 / (weight**2).sum()) if weight.size else 0.0


def size_factors(table: Floats, sizes: SizeBands | None, which: str, labels: Sequence[str]) -> Floats:
    """Return shares of loss given default (G, A) times their label's factor of size: that of no band is 1."""
    factors = () if sizes is None else getattr(sizes, which)
    if not factors:
        return table
    by_label = np.array([*factors, 1.0])[[band_in(label) for label in labels]]
    return np.asarray(table * by_label[:, None])


def _amount(loans: pl.DataFrame) -> Floats:
    """Return amounts at origination (N,), NaN where none above zero is known."""
    columns = [pl.when(pl.col(name) > 0).then(pl.col(name)) for name in AMOUNTS if name in loans.columns]
    amount = loans.select(pl.coalesce(columns).cast(pl.Float64).alias("amount"))["amount"]
    return np.asarray(amount.fill_null(np.nan).to_numpy(), dtype=np.float64)


def _medians(loans: pl.DataFrame, medians: Mapping[str, float]) -> Floats:
    product = loans["product"].fill_null(ANY)
    found = product.replace_strict(dict(medians), default=medians[ANY], return_dtype=pl.Float64)
    return np.asarray(found.to_numpy(), dtype=np.float64)
