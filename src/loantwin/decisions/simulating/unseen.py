"""What those would have lost whose end nobody saw: three ways to guess it, and what each takes for granted.

Methods are the field's (augmentation, parcelling); their statement and the figures below are from general
knowledge, not opened here, and assumed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy.special import expit, logit

from loantwin.arrays import Flags, Floats, Integers
from loantwin.models.regression import fit_logistic, independent_prior

WAYS = ("fuzzy", "parcelling", "ignore")
THIN = 20
"""Seen losses below which nothing is guessed."""
BANDS, LEAST = 10, 20
"""Bands of parcelling, and the seen applications from which one speaks for itself."""
WEAK, TEXT, FLAT = 3.0, 0.5, 1e3
"""Prior standard deviations of log-odds: by a standardised number, by a text, of the whole (assumed)."""
LEVELS, RARE = 30, 50
"""Texts of a field that have a coefficient at most, and seen applications that each needs."""
NUMBERS = ("amount", "term_months", "annual_income", "monthly_debt", "collateral_value")
CAUTION = {
    "fuzzy": "who was declined loses as who was lent to with the same {read}, and the line in log-odds goes "
    "on where nobody was lent to",
    "parcelling": "in each tenth by expected share the declined lose what the lent to lost; a tenth with "
    "fewer than 20 lent to is carried on as by fuzzy",
    "ignore": "the declined lose as all who were lent to",
}


@dataclass(frozen=True)
class Guess:
    """A way to guess what nobody saw.

    share : (N,) expected loss / amount. spread : (N,) its variance from one application to another.
    influence : of amounts (N,) of the unseen to how much each seen end (N,) moves the sum of their expected
    losses. words : what is taken for granted.
    """

    way: str
    share: Floats
    spread: Floats
    influence: Callable[[Floats], Floats]
    words: str


def guess(way: str, frame: pl.DataFrame, loss: Floats, worse: float = 1.0) -> Guess:
    """Return the expected share lost of each application, learnt from those whose end was seen.

    Parameters
    ----------
    way : fuzzy, parcelling or ignore. frame : (N, fields) applications. loss : (N,) money, NaN where unseen.
    worse : factor on the odds of loss of the unseen, > 0.

    Raises
    ------
    ModelError : a fit that does not settle.
    """
    amount, seen = frame["amount"].cast(pl.Float64).to_numpy(), np.isfinite(loss)
    if way == "ignore":
        band = np.zeros(len(loss), dtype=np.int64)
        return _by_band(way, band, amount, loss, seen, worse, None, CAUTION[way])
    carried = _carried_on(frame, amount, loss, seen, worse)
    if way == "fuzzy":
        return carried
    cuts = np.quantile(carried.share, np.arange(1, BANDS) / BANDS)
    band = np.searchsorted(cuts, carried.share, side="right")
    return _by_band(way, band, amount, loss, seen, worse, carried, CAUTION[way])


def _carried_on(frame: pl.DataFrame, amount: Floats, loss: Floats, seen: Flags, worse: float) -> Guess:
    """Return fuzzy augmentation: each unseen stands as lost and as repaid, by its expected share.

    Refitted on both, the regression stays what the seen made it: their sum of slopes at the fit is zero. So
    it is the regression of the seen, carried on. The share lost is its target, weighted by the amount: what
    it expects of the seen is the money they lost.
    """
    design, deviation, read = columns_of(frame, seen)
    weight = np.where(seen, amount, 0.0) / amount[seen].mean()
    kept = np.clip(np.where(seen, loss, 0.0), 0.0, amount)
    scale = float(loss[seen].sum() / max(kept[seen].sum(), 1e-300))
    target = kept / amount
    prior = independent_prior(np.zeros(design.shape[1]), deviation)
    fit = fit_logistic(design[seen], weight[seen], weight[seen] * target[seen], prior)
    line = design @ fit.coefficients
    here = expit(line)
    residual = weight * (target - here)
    share = expit(line + np.where(seen, 0.0, np.log(worse)))
    slope = share * (1.0 - share)
    noise = float((weight * (target - here) ** 2)[seen].sum() / (weight * here * (1.0 - here))[seen].sum())

    def influence(money: Floats) -> Floats:
        return np.asarray(scale * residual * (design @ (fit.covariance @ (design.T @ (money * slope)))))

    said = CAUTION["fuzzy"].format(read=" and ".join(read) or "luck") + (
        "" if worse == 1.0 else f"; odds x {worse:g}"
    )
    return Guess("fuzzy", scale * share, scale**2 * noise * slope, influence, said)


def _by_band(
    way: str, band: Integers, amount: Floats, loss: Floats, seen: Flags, worse: float,
    beyond: Guess | None, words: str,
) -> Guess:  # fmt: skip
    """Return the rates of bands, of amounts; a band with few seen takes what `beyond` says."""
    size = int(band.max()) + 1
    lost = np.bincount(band[seen], loss[seen], size)
    lent = np.bincount(band[seen], amount[seen], size)
    speaks = (np.bincount(band[seen], minlength=size) >= LEAST) | (beyond is None)
    rate = np.clip(lost / np.where(lent > 0, lent, 1.0), 1e-9, 1.0 - 1e-9)
    worsened = expit(logit(rate) + np.log(worse))
    pace = worsened * (1.0 - worsened) / (rate * (1.0 - rate))
    own = speaks[band]
    share = np.where(own, worsened[band], 0.0)
    residual = np.where(seen, loss, 0.0) - np.where(seen, amount, 0.0) * rate[band]
    parts = np.bincount(band[seen], (residual[seen] ** 2) / amount[seen], size)
    spread = np.where(own, (parts / np.where(lent > 0, lent, 1.0))[band], 0.0)
    if beyond is not None:
        share, spread = np.where(own, share, beyond.share), np.where(own, spread, beyond.spread)

    def influence(money: Floats) -> Floats:
        asked = np.bincount(band[own], money[own], size) * pace / np.where(lent > 0, lent, 1.0)
        made = np.where(seen, asked[band] * residual, 0.0)
        return made if beyond is None else made + beyond.influence(np.where(own, 0.0, money))

    said = words + ("" if worse == 1.0 else f"; odds x {worse:g}")
    return Guess(way, share, spread, influence, said)


def columns_of(frame: pl.DataFrame, seen: Flags) -> tuple[Floats, Floats, tuple[str, ...]]:
    """Return the design (N, K) with the prior deviation (K,) of each column, and the fields it reads.

    With a score, or else a probability of default, that and the amount; without, every field.
    """
    made, deviation, read = [np.ones(len(frame))], [FLAT], []
    judged = next(
        (name for name in ("score", "annual_pd") if _told(frame, name, seen)),
        None,
    )
    attributes = [name for name in frame.columns if name.startswith("attributes.")]
    numeric = [name for name in (*NUMBERS, *attributes) if _told(frame, name, seen)]
    for name in [judged, "amount"] if judged else numeric:
        values = frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        values = logit(np.clip(values, 1e-6, 1 - 1e-6)) if name == "annual_pd" else values
        values = np.log(values) if name == "amount" else values
        there = np.isfinite(values)
        middle, width = values[seen & there].mean(), values[seen & there].std()
        if width > 0:
            made.append(np.where(there, (values - middle) / width, 0.0))
            deviation.append(WEAK)
            read.append(name)
    if not judged:
        texts = ("product", "purpose", "sector", "region", "grade", "segment", *attributes)
        for name in texts:
            if name in frame.columns and frame[name].dtype == pl.String:
                found = _levels(frame[name], seen, name == "sector")
                made += found
                deviation += [TEXT] * len(found)
                read += [name] if found else []
    return np.column_stack(made), np.array(deviation), tuple(read)


def _told(frame: pl.DataFrame, name: str, seen: Flags) -> bool:
    """Return whether a field is a number for nearly all, lent to or not."""
    if name not in frame.columns or not frame[name].dtype.is_numeric():
        return False
    there = frame[name].is_not_null().to_numpy()
    return bool(there[seen].mean() >= 0.9 and (seen.all() or there[~seen].mean() >= 0.9))


def _levels(column: pl.Series, seen: Flags, coded: bool) -> list[Floats]:
    """Return a 0/1 column a text that is frequent among the seen; of a sector's code its first two signs."""
    text = (column.str.slice(0, 2) if coded else column).fill_null("missing")
    counts = text.filter(pl.Series(seen)).value_counts(sort=True)
    kept = counts.filter(pl.col("count") >= RARE)[text.name].head(LEVELS).sort()
    if len(kept) < 2:
        return []
    return [(text == level).to_numpy().astype(float) for level in kept]
