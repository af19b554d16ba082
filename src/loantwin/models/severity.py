"""Loss given default: how much of the exposure is charged off, how much of it comes back, and when.

Shares are ratios of sums (currency over currency), so that a large loan counts for what it is. The
chain-ladder form is used wherever histories are cut off: the share charged off w months after default is
estimated on the defaults that were observed at least w months, so that recent defaults do not pull the loss
down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from loantwin.arrays import Flags, Floats, Integers
from loantwin.engine.cells import LossGivenDefault
from loantwin.models.counts import sums
from loantwin.models.sizes import SizeBands

BANDS = (0, 12, 24, 36, 60, 96)
"""Lower ends of the age bands, months, within which loss given default is one number."""

PRIOR_CASES = 5.0
"""How many defaults the prior share is worth."""
ALIKE = 0.2
"""Two timings no further apart than this are taken for one."""
BAND_CASES = 20.0
"""How many defaults a band's share must have to count as much as the book's."""
SEGMENT_CASES = 30.0
"""The same for a segment's share against what its ages would give."""


@dataclass(frozen=True)
class Defaults:
    """D defaults of history, one row each.

    segment, age, month : (D,) segment code, age and calendar month at default. exposure : (D,) currency, > 0.
    watched : (D,) months from default to the as-of month. weight : (D,) case weights.
    charged_off, recovered : (D,) currency so far. charge_off_lag, recovery_lag : (D,) months from default, -1
        where none.
    cured : (D,) True where the loan left default other than by charge-off.
    """

    segment: Integers
    age: Integers
    month: Integers
    exposure: Floats
    watched: Integers
    weight: Floats
    charged_off: Floats
    recovered: Floats
    charge_off_lag: Integers
    recovery_lag: Integers
    cured: Flags


@dataclass(frozen=True)
class Believed:
    """What is assumed where a source does not tell.

    charged_off, recovered : decimals of exposure. charge_off_lag, recovery_lag : (W,) probabilities by months
        after default.
    charge_off_observed, recovery_observed : False where the source holds no charge-offs, no recoveries: then
        `charged_off`, `recovered` are taken as they stand.
    exposure_assumed : words on the exposure where it is not observed, else empty.
    deviation : standard deviations of `charged_off` and `recovered`, where no default tells of them.
    cases : how many defaults the two are worth.
    """

    charged_off: float = 0.45
    recovered: float = 0.0
    charge_off_lag: tuple[float, ...] = (1.0,)
    recovery_lag: tuple[float, ...] = (1.0,)
    charge_off_is_default: bool = True
    charge_off_observed: bool = True
    recovery_observed: bool = False
    exposure_assumed: str = ""
    deviation: tuple[float, float] = (0.0, 0.0)
    cases: float = PRIOR_CASES


@dataclass(frozen=True)
class Severity:
    """A fitted loss given default and what can be said of it; deviations are clustered by calendar month."""

    lgd: LossGivenDefault
    used: tuple[float, float]
    """Charged off and recovered as the tables have them, over history's defaults, after shrinkage."""
    charged_off: float
    charged_off_deviation: float
    recovered: float
    recovered_deviation: float
    cured: float | None
    defaults: int
    effective_defaults: float
    prior_only: bool
    observed: tuple[bool, bool] = (True, True)
    """Whether defaults tell charged off and recovered; where not, the figures are what is believed."""
    charged_off_number: float | None = None
    """Share of defaults, in number, that end in a charge-off; None where no default tells."""
    by_band: Mapping[str, tuple[float, float, int]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def severity_by_size(
    sizes: SizeBands, defaults: Defaults, band: Integers, severity: Severity, believed: Believed
) -> SizeBands:
    """Return bands of size with their factors on loss given default: what came over what segment and age say.

    A ratio of sums is led by large loans; small ones may lose another share. Factors are shrunk to 1 by
    `SEGMENT_CASES` cases of the band's own exposure, and are 1 where the source does not show the amounts.

    Parameters
    ----------
    band : (D,) each default's band, -1 for none.
    """
    table, seen = severity.lgd, (believed.charge_off_observed, believed.recovery_observed)
    shares = (table.charged_off, table.recovered)
    lags = (table.charge_off_lag, table.recovery_lag)
    amounts = (defaults.charged_off, defaults.recovered)
    made = [
        _size_factors(defaults, band, sizes.count, amount, share, _developed(defaults, lag))
        if shown
        else (1.0,) * sizes.count
        for amount, share, lag, shown in zip(amounts, shares, lags, seen, strict=True)
    ]
    return replace(sizes, charged_off=made[0], recovered=made[1])


def _size_factors(
    defaults: Defaults, band: Integers, count: int, amount: Floats, share: Floats, developed: Floats
) -> tuple[float, ...]:
    there = band >= 0
    age = np.minimum(defaults.age, share.shape[1] - 1)
    exposure = defaults.weight * defaults.exposure * developed
    wanted = sums(band[there], (exposure * share[defaults.segment, age])[there], count)
    got = sums(band[there], (defaults.weight * amount)[there], count)
    number = sums(band[there], np.ones(int(there.sum())), count)
    ballast = SEGMENT_CASES * np.divide(wanted, number, out=np.zeros(count), where=number > 0)
    found = np.divide(got + ballast, wanted + ballast, out=np.ones(count), where=wanted + ballast > 0)
    return tuple(float(value) for value in found)


def fit_severity(
    defaults: Defaults, segments: int, ages: int, believed: Believed, least: int = 30
) -> Severity:
    """Return loss given default by segment (G) and age (A) from the defaults of history.

    A share is shrunk in steps: the book's to the belief, a band's to the book's, a segment's to what its
    bands give. Fewer than `least` defaults are marked prior only. No default at all returns the belief.
    """
    notes: list[str] = []
    charged_lag = _lag(
        defaults,
        defaults.charged_off,
        defaults.charge_off_lag,
        believed.charge_off_lag,
        believed.charge_off_is_default or not believed.charge_off_observed,
        believed.charged_off,
    )
    recovery_lag = _lag(
        defaults,
        defaults.recovered,
        defaults.recovery_lag,
        believed.recovery_lag,
        not believed.recovery_observed,
        believed.recovered,
    )
    developed = _developed(defaults, charged_lag)
    if believed.charge_off_observed:
        charged = _shares(
            defaults,
            defaults.charged_off,
            developed,
            segments,
            ages,
            believed.charged_off,
            believed.cases,
        )
    else:
        charged = np.full((segments, ages), believed.charged_off)
        notes.append(
            f"charge-offs are not observed in this source: assumed {believed.charged_off:.3f} of exposure "
            "(assumption loss_given_default)"
        )
    if believed.recovery_observed:
        whole = _shares(
            defaults,
            defaults.recovered,
            _developed(defaults, recovery_lag),
            segments,
            ages,
            believed.recovered,
            believed.cases,
        )
    else:
        whole = np.full((segments, ages), believed.recovered)
        notes.append(
            f"recoveries are not observed in this source: assumed {believed.recovered:.3f} of exposure"
        )
    if believed.exposure_assumed:
        notes.append(f"exposure at default is assumed: {believed.exposure_assumed}")
    if charged.max() > 1.0:
        notes.append(
            f"share charged off reaches {charged.max():.2f} of exposure: the exposure of those loans is "
            "understated"
        )
    share, deviation = clustered_ratio(
        defaults.charged_off, defaults.exposure * developed, defaults.weight, defaults.month
    )
    come = defaults.exposure * _developed(defaults, recovery_lag)
    back, back_deviation = clustered_ratio(defaults.recovered, come, defaults.weight, defaults.month)
    count = len(defaults.exposure)
    whole = np.minimum(whole, charged)
    told = count > 0 and believed.charge_off_observed
    if count < least:
        notes.append(f"{count} defaults, fewer than {least}: prior only")
    return Severity(
        lgd=LossGivenDefault(charged, whole, charged_lag, recovery_lag),
        used=(
            _of_defaults(charged, defaults, believed.charged_off),
            _of_defaults(whole, defaults, believed.recovered),
        ),
        charged_off=share if told else believed.charged_off,
        charged_off_deviation=deviation if told else believed.deviation[0],
        recovered=back if believed.recovery_observed and count else believed.recovered,
        recovered_deviation=back_deviation if believed.recovery_observed and count else believed.deviation[1],
        cured=None
        if believed.charge_off_is_default or not count
        else float(np.average(defaults.cured, weights=defaults.weight)),
        defaults=count,
        effective_defaults=float(defaults.weight.sum() ** 2 / (defaults.weight**2).sum()) if count else 0.0,
        prior_only=count < least or not told,
        observed=(told, bool(count and believed.recovery_observed)),
        charged_off_number=_in_number(defaults, developed) if told else None,
        by_band=_by_band(defaults, developed),
        notes=tuple(notes),
    )


def _in_number(defaults: Defaults, developed: Floats) -> float | None:
    """Return the share of defaults that end in a charge-off: seen over what can be seen by now."""
    under = float(defaults.weight @ developed)
    return min(float(defaults.weight @ (defaults.charged_off > 0.0)) / under, 1.0) if under > 0.0 else None


def _of_defaults(table: Floats, defaults: Defaults, believed: float) -> float:
    """Return the mean of a share table (G, A) over the defaults of history, exposure weighted."""
    weight = defaults.weight * defaults.exposure
    if not weight.sum() > 0:
        return believed
    share = table[defaults.segment, np.minimum(defaults.age, table.shape[1] - 1)]
    return float(weight @ share / weight.sum())


def clustered_ratio(over: Floats, under: Floats, weight: Floats, month: Integers) -> tuple[float, float]:
    """Return a ratio of weighted sums and its standard error, residuals summed by month (linearised)."""
    # Trap: the mean of ratios. A small loan lost whole would weigh as much as a large one: sums first.
    total = float(weight @ under)
    if total <= 0:
        return 0.0, 0.0
    ratio = float(weight @ over) / total
    _, index = np.unique(month, return_inverse=True)
    groups = int(index.max()) + 1
    # Trap: defaults of one month. They share its economy: residuals are added up by month, then squared.
    residual = sums(index, weight * (over - ratio * under), groups)
    factor = groups / (groups - 1.0) if groups > 1 else 1.0
    return ratio, float(np.sqrt(factor * (residual**2).sum()) / total)


def _lag(
    defaults: Defaults,
    amount: Floats,
    lag: Integers,
    believed: tuple[float, ...],
    fixed: bool,
    level: float,
) -> Floats:
    """Return the probabilities (W,) of the months after default in which an amount comes, by chain ladder."""
    prior = np.asarray(believed, dtype=float)
    there = (lag >= 0) & (amount > 0)
    if fixed or not there.any():
        return prior
    size = max(int(lag[there].max()) + 1, len(prior))
    paid = sums(lag[there], (defaults.weight * amount)[there], size)
    watched = np.minimum(defaults.watched, size - 1)
    base = np.cumsum(sums(watched, defaults.weight * defaults.exposure, size)[::-1])[::-1]
    share = np.divide(paid, base, out=np.zeros(size), where=base > 0)
    pad = np.concatenate([prior, np.zeros(size - len(prior))])
    last = _watched(defaults)
    found = np.where(np.arange(size) > last, 0.0, share)
    if not found.sum() > 0.0:
        return np.asarray(pad)
    tail = _to_come(found, pad, last, level)
    size = max(size, len(tail))
    made = np.zeros(size)
    made[: len(found)] = found / found.sum() * (1.0 - tail.sum())
    made[: len(tail)] += tail
    pad = np.concatenate([prior, np.zeros(size - len(prior))])
    cases = float(there.sum())
    return np.asarray((cases * made + PRIOR_CASES * pad) / (cases + PRIOR_CASES))


def _to_come(found: Floats, pad: Floats, last: int, level: float) -> Floats:
    """Return the part of what comes in the end that lies beyond the months watched, by month after default.

    Nothing, where what comes has ended within two thirds of them. The belief's own tail, where the months
    watched look like the belief's (Kolmogorov distance up to `ALIKE`) and hold a quarter of it or more.
    Else as much as Bornhuetter and Ferguson's (1972) rule adds: the believed level times what should still
    come, half of it at least, so that a wrong belief of the time is not multiplied into the amount.

    Parameters
    ----------
    found : (W,) shares of the exposure that came, by month. pad : (W,) believed probabilities. last : month.
        level : believed share of the exposure.
    """
    # Trap: what nobody has watched yet taken for nothing to come, and a belief of when for one of how much.
    months_ = np.arange(len(pad))
    whole = np.cumsum(found) / found.sum()
    if int(np.searchsorted(whole, 0.95)) <= 2 * last / 3:
        return np.zeros(1)
    known = float(pad[months_ <= last].sum())
    if known > 0.0:
        apart = np.abs(whole - np.cumsum(np.where(months_ <= last, pad, 0.0)) / known).max()
        if apart <= ALIKE and known >= 0.25:
            return np.where(months_ > last, pad, 0.0)
    still = level * (1.0 - min(known, 0.5))
    mass = still / (float(found.sum()) + still)
    later = np.where(months_ > last, pad, 0.0)
    if not later.sum() > 0.0:  # the belief is over: as long again
        later = np.concatenate([np.zeros(last + 1), np.ones(last + 1)])
    return np.asarray(mass * later / later.sum())


def _watched(defaults: Defaults) -> int:
    """Return the months over which at least `PRIOR_CASES` defaults were watched."""
    ordered = np.sort(defaults.watched)[::-1]
    return int(ordered[min(int(PRIOR_CASES), len(ordered)) - 1])


def _developed(defaults: Defaults, lag: Floats) -> Floats:
    """Return the part of its final charge-off that each default can have shown by now, (D,)."""
    # Trap: recent defaults. What has not had time to be charged off would pull the loss down.
    known = np.cumsum(lag)
    return np.asarray(known[np.minimum(defaults.watched, len(lag) - 1)])


def _shares(
    defaults: Defaults,
    amount: Floats,
    developed: Floats,
    segments: int,
    ages: int,
    belief: float,
    cases: float,
) -> Floats:
    """Return amount over exposure by segment and age, (G, A), shrunk in steps."""
    band_of_age = np.searchsorted(BANDS, np.arange(ages), side="right") - 1
    count = len(defaults.exposure)
    if not count:
        return np.full((segments, ages), belief)
    exposure = defaults.weight * defaults.exposure * developed
    if not exposure.sum() > 0:  # all defaulted so lately that nothing can have been seen of them yet
        return np.full((segments, ages), belief)
    mean = float(exposure.sum()) / count
    book = (float(defaults.weight @ amount) + cases * mean * belief) / (float(exposure.sum()) + cases * mean)
    band = band_of_age[np.minimum(defaults.age, ages - 1)]
    size = len(BANDS)
    by_band = (sums(band, defaults.weight * amount, size) + BAND_CASES * mean * book) / (
        sums(band, exposure, size) + BAND_CASES * mean
    )
    wanted = sums(defaults.segment, exposure * by_band[band], segments)
    got = sums(defaults.segment, defaults.weight * amount, segments)
    # cases of the segment's own size: of the book's, large loans would drown what many small ones tell
    number = sums(defaults.segment, np.ones(count), segments)
    size_of_case = np.where(
        number > 0, sums(defaults.segment, exposure, segments) / np.maximum(number, 1.0), mean
    )
    ballast = SEGMENT_CASES * size_of_case * book
    factor = np.divide(got + ballast, wanted + ballast, out=np.ones(segments), where=wanted + ballast > 0)
    return np.asarray(factor[:, None] * by_band[band_of_age][None, :])


def _by_band(defaults: Defaults, developed: Floats) -> dict[str, tuple[float, float, int]]:
    """Return share charged off, its standard error and the number of defaults by age band, unshrunk."""
    found = {}
    for place, low in enumerate(BANDS):
        high = BANDS[place + 1] if place + 1 < len(BANDS) else 10_000
        own = (defaults.age >= low) & (defaults.age < high)
        if own.any():
            ratio, deviation = clustered_ratio(
                defaults.charged_off[own],
                (defaults.exposure * developed)[own],
                defaults.weight[own],
                defaults.month[own],
            )
            found[f"{low}-{high - 1}" if high < 10_000 else f"{low}+"] = (ratio, deviation, int(own.sum()))
    return found
