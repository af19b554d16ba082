"""What a fit takes from mapping or prior where the tape does not show it: payoff, severity, first vintage."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np

from loantwin.arrays import Floats
from loantwin.book.mapping import TapeFormat
from loantwin.book.payoff import assumed_payoff_hazard, payoff_observed
from loantwin.models.defaults import unpaid_months
from loantwin.models.priors.curves import prepayment_hazard
from loantwin.models.priors.table import ProductPrior
from loantwin.models.settings import FitSettings
from loantwin.models.severity import Believed, Severity
from loantwin.models.transfer.carried import CarriedSeverity


def survival_of(mapping: TapeFormat, settings: FitSettings) -> Floats | None:
    """Return the share of loans assumed not yet paid off by age, (A,); None where payoff is observed."""
    if payoff_observed(mapping):
        return None
    # Trap: payoff assumed a month early. A month that ends at age a starts at age a - 1, with those left.
    before = np.maximum(np.arange(settings.ages) - 1, 0)
    left = np.cumprod(1.0 - payoff_hazard(mapping, settings))
    return np.asarray(np.concatenate([[1.0], left])[before])


def first_vintage(mapping: TapeFormat) -> dt.date | None:
    """Return the day before which loans originated are left out of fits by the mapping, None for all."""
    early = mapping.assumptions.get("fit_from_vintage")
    return dt.date(int(float(early)), 1, 1) if early is not None else None


def payoff_stated(mapping: TapeFormat, settings: FitSettings) -> bool:
    return settings.prior is None or "payoff_monthly_rate" in mapping.assumptions


def payoff_hazard(mapping: TapeFormat, settings: FitSettings) -> Floats:
    """Return the monthly probability of payoff (A,) where it is not observed: mapping's or prior's."""
    if settings.prior is None or payoff_stated(mapping, settings):
        return assumed_payoff_hazard(mapping, np.arange(settings.ages))
    return prepayment_hazard(settings.prior, settings.ages)


def believed_severity(mapping: TapeFormat, by_state: bool, prior: ProductPrior | None = None) -> Believed:
    """Return what is assumed of loss given default: the mapping's words, else the prior's."""
    charged_off, recovered, deviation = 0.45, 0.0, (0.0, 0.0)
    charge_off_lag, recovery_lag = _spread(1, 12), _spread(1, 24)
    if prior is not None:
        deviation = (prior.charged_off.deviation, prior.recovered.deviation)
        charged_off, recovered = prior.charged_off.value, prior.recovered.value
        charge_off_lag, recovery_lag = (
            _spread(int(lag.low), int(lag.high)) for lag in (prior.charge_off_lag, prior.recovery_lag)
        )
    if "recovery_lag_months" in mapping.assumptions:
        recovery_lag = _spread(1, 2 * int(mapping.number("recovery_lag_months")))
    observed = "recoveries" in mapping.observes
    return Believed(
        charged_off=mapping.number("loss_given_default", charged_off),
        recovered=mapping.number("recovery_rate", recovered),
        charge_off_lag=charge_off_lag if by_state else (1.0,),
        recovery_lag=recovery_lag,
        charge_off_is_default=not by_state,
        charge_off_observed=not by_state or _sees_charge_offs(mapping),
        recovery_observed=observed,
        exposure_assumed="" if by_state else "the balance the contract alone would leave at the charge-off",
        deviation=deviation,
    )


def told_severity(believed: Believed, told: CarriedSeverity, mapping: TapeFormat, by_state: bool) -> Believed:
    """Return what is assumed of loss given default where sources tell; the mapping's own words come first."""
    made = believed
    if told.charged_off is not None and "loss_given_default" not in mapping.assumptions:
        made = replace(made, charged_off=min(max(told.charged_off.mean, 0.0), 1.0), cases=told.cases)
    if told.recovered is not None and "recovery_rate" not in mapping.assumptions:
        made = replace(made, recovered=min(max(told.recovered.mean, 0.0), made.charged_off))
    deviation = tuple(
        one.deviation if one is not None else other
        for one, other in zip((told.charged_off, told.recovered), believed.deviation, strict=True)
    )
    return replace(
        made,
        deviation=(deviation[0], deviation[1]),
        charge_off_lag=tuple(told.charge_off_lag) if by_state else made.charge_off_lag,
        recovery_lag=made.recovery_lag if told.recovered is None else tuple(told.recovery_lag),
    )


def _sees_charge_offs(mapping: TapeFormat) -> bool:
    """Return whether a tape by state tells what is charged off: it says so, or has an amount for it."""
    return "charge_offs" in mapping.observes or "charged_off" in {**mapping.columns, **mapping.panel}


def _spread(first: int, last: int) -> tuple[float, ...]:
    """Return equal probabilities of the months `first` to `last` after an event; all at once for none."""
    size = last - first + 1
    return (*[0.0] * first, *[1.0 / size] * size) if last > 0 else (1.0,)


def above_exposure(severity: Severity, mapping: TapeFormat, from_panel: bool) -> str:
    """Return in words that more was lost than was exposed, and what most often is behind it."""
    words = f"loss given default is {severity.charged_off:.1%} of exposure: "
    words += "more was charged off than the exposure holds; "
    if from_panel:
        return words + "the last reports before default hold less principal, or interest and fees are in it"
    return words + (
        "charge-off dates that come months after the last payment put the exposure too low: the assumption "
        f"unpaid_months_at_default, now {unpaid_months(mapping)}, counts the instalments that were not paid"
    )
