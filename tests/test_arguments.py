"""Every public function of `risk`, `products` and `migrations` refuses bad arguments, naming them.

Good calls are those that the program makes of itself while it values a small book, taken down as they
are made; what it does not call, or calls with arguments left out, stands in `by_hand`. A function with
neither turns a test red. Each argument is then spoilt by what its good value is: an array gets NaN,
infinity, a masked entry, texts, another length, nothing at all; a count a fraction, a text, true; a
flag a text; a confidence 0 and 1; an amount more cents than int64 holds. All of it must be refused with
the house's error and the argument's name: no figure, and no traceback of NumPy's.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import importlib
import inspect
import pkgutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any

import numpy as np
import pytest

import loantwin as lt
from loantwin.arguments import LARGEST_AMOUNT
from loantwin.errors import ArgumentError, InputError

PACKAGES = ("risk", "products", "migrations")

INNER = frozenset(
    f"loantwin.products.{name}"
    for name in ("accrual", "amortisation", "charges", "due_dates", "interest_first", "level_payments")
) | {"loantwin.products.periods", "loantwin.products.rounding", "loantwin.products.dates"}
INNER |= {"loantwin.products.pattern"}  # whole numbers that terms and columns of loans have checked
INNER |= {f"loantwin.products.internal_rates.{name}" for name in ("brent", "discounted")}
INNER |= {f"loantwin.products.legal_rates.{name}" for name in ("legal_rate", "unit_periods")}
"""What the schedule of one loan is made of: they take terms that `products.instalments` has checked, field by
field (`tests/products/test_instalments.py`), and are called for every day of a loan. And what day counts and
legal rates are made of: arithmetic on dates and flows that these have checked.
"""


def functions() -> Iterator[tuple[str, FunctionType]]:
    """Yield the public functions of the packages by their path; kernels are left out."""
    for package in PACKAGES:
        root = importlib.import_module(f"loantwin.{package}")
        for found in pkgutil.walk_packages(root.__path__, f"{root.__name__}."):
            if found.name in INNER:
                continue
            module = importlib.import_module(found.name)
            for name, item in vars(module).items():
                if (
                    inspect.isfunction(item)
                    and item.__module__ == found.name
                    and not name.startswith("_")
                    and not found.name.endswith("kernels")
                ):
                    yield f"{found.name.removeprefix('loantwin.')}.{name}", item


FUNCTIONS = dict(functions())
ARGUMENTS = [(path, name) for path, item in FUNCTIONS.items() for name in inspect.signature(item).parameters]

Call = dict[str, Any]

MATRIX = np.array([[0.90, 0.08, 0.02], [0.10, 0.80, 0.10], [0.0, 0.0, 1.0]])
RATES = np.array([[-0.10, 0.08, 0.02], [0.10, -0.20, 0.10], [0.0, 0.0, 0.0]])
THREE = np.array([0.2, 0.5, 0.3])
LOSSES = np.linspace(0.0, 9.0, 400)


def one_loan() -> dict[str, Call]:
    """Return good calls of what takes the terms of one loan."""
    from loantwin.products.periods import periods
    from loantwin.products.term_sheet import TermSheet

    sheet = TermSheet(amount=Decimal(100), annual_rate=Decimal("0.1"), payments=3, start=dt.date(2024, 1, 1))
    file = Path(tempfile.mkdtemp()) / "loan.toml"
    file.write_text("amount = 1\nannual_rate = 0.1\npayments = 3\nstart = 2024-01-01\n", encoding="utf-8")
    document = {"amount": 1, "annual_rate": 0.1, "payments": 3, "start": "2024-01-01"}
    return {
        "products.currency.units_of": {"currency": "JPY"},
        "products.instalments.instalments": {"sheet": sheet},
        "products.instalments.lines": {"sheet": sheet, "run": periods(sheet)},
        "products.term_rules.check_terms": {"sheet": sheet},
        "products.term_sheet_file.read_terms": {"path": file},
        "products.term_sheet_file.terms_document": {"path": file},
        "products.term_sheet_file.terms_of": {"document": document, "file": str(file)},
        "products.term_sheet_file.terms_schema": {},
    }


def rates() -> dict[str, Call]:
    """Return good calls of day counts, calendars, legal rates and functions of finance."""
    start, end = (np.array(days, "datetime64[D]") for days in (["2024-01-31"], ["2024-03-31"]))
    first, last = dt.date(2024, 1, 31), dt.date(2024, 3, 31)
    regular = {"period_start": start, "period_end": end, "termination": end, "calendar": "uk"}
    flows = [(first, -100.0), (last, 110.0)]
    amounts, days = (
        np.array([-100.0, 60.0, 70.0]),
        np.array(["2024-01-01", "2024-07-01", "2025-01-01"], "datetime64[D]"),
    )
    level = {"nper": 12.0, "pv": 1000.0, "fv": -10.0, "when": 0.0}
    part = {"rate": 0.01, "per": 2.0, **level}
    cumulative = {"rate": 0.01, "nper": 12.0, "pv": 1000.0, "start": 1, "end": 5, "when": 0}
    paid = {"pmt": -90.0, "fv": -10.0, "when": 0.0}
    calls = {
        "calendars.is_business_day": {"dates": start, "calendar": "uk"},
        "calendars.adjust": {"dates": start, "calendar": "uk", "roll": "following"},
        "calendars.business_days": {"start": start, "end": end, "calendar": "uk"},
        "calendars.holidays": {"calendar": "uk", "first": first, "last": last},
        "calendars.quantlib_calendar": {"name": "uk"},
        "day_counts.year_fraction": {
            "day_count": "actual/actual-isma",
            "start": start,
            "end": end,
            **regular,
        },
        "day_counts.days_counted": {
            "day_count": "30/360-isda",
            "start": start,
            "end": end,
            "termination": end,
            "calendar": "uk",
        },
        "day_counts.year_fraction_exact": {
            "day_count": "actual/actual",
            "start": first,
            "end": last,
            "period_start": first,
            "period_end": last,
            "termination": last,
            "calendar": "uk",
        },
        "internal_rates.roots.internal_rate": {"flows": amounts, "times": np.array([0.0, 0.5, 1.0])},
        "internal_rates.columns.effective_annual_rates": {
            "flows": np.array([[-100.0, 60.0, 70.0], [-100.0, 50.0, 70.0]]),
            "times": np.array([0.0, 0.5, 1.5]),
        },
        "legal_rates.us.us_apr": {"flows": flows, "unit": None},
        "legal_rates.us.us_apr_of_unit_periods": {
            "flows": amounts,
            "full": np.array([0.0, 1.0, 2.0]),
            "fraction": np.array([0.0, 0.5, 0.5]),
            "per_year": 12.0,
            "words": "month",
        },
        "legal_rates.us.within_us_tolerance": {"shown": 0.1, "exact": 0.1, "irregular": False},
        "legal_rates.effective.eu_apr": {"flows": flows, "directive": "98/7/EC", "time": "days"},
        "legal_rates.effective.uk_apr": {"flows": flows, "time": "days"},
        "legal_rates.effective.effective_annual_rate": {"flows": flows, "time": "days"},
        "legal_rates.china.china_rate": {"flows": flows, "method": "simple", "principal": [(last, 100.0)]},
        "finance_functions.pmt": {"rate": 0.01, **level},
        "finance_functions.pv": {"rate": 0.01, "nper": 12.0, **paid},
        "finance_functions.fv": {"rate": 0.01, "nper": 12.0, **paid, "fv": 0.0, "pv": 1000.0},
        "finance_functions.nper": {"rate": 0.01, **paid, "pv": 1000.0},
        "finance_functions.ipmt": part,
        "finance_functions.ppmt": part,
        "finance_functions.cumipmt": cumulative,
        "finance_functions.cumprinc": cumulative,
        "finance_functions.ispmt": {"rate": 0.01, "per": 1.0, "nper": 12.0, "pv": 1000.0},
        "finance_functions.rate": {"nper": 12.0, **paid, "pv": 1000.0, "guess": 0.1},
        "finance_functions.npv": {"rate": 0.01, "flows": amounts, "first": 1},
        "finance_functions.irr": {"flows": amounts, "guess": 0.1},
        "finance_functions.xnpv": {"rate": 0.1, "flows": amounts, "dates": days},
        "finance_functions.xirr": {"flows": amounts, "dates": days, "guess": 0.1},
        "finance_functions.mirr": {"flows": amounts, "finance_rate": 0.1, "reinvest_rate": 0.1},
        "finance_functions.effect": {"nominal": 0.05, "npery": 4.0},
        "finance_functions.nominal": {"effective": 0.05, "npery": 4.0},
        "finance_functions.rri": {"nper": 12.0, "pv": 100.0, "fv": 110.0},
        "finance_functions.pduration": {"rate": 0.1, "pv": 100.0, "fv": 110.0},
        "finance_functions.yearfrac": {"start": start, "end": end, "basis": 1},
        "term_sheet_file.iso_day": {"text": "2026-03-31"},
    }
    calls["finance_functions.fv"].pop("fv")
    return {f"products.{path}": call for path, call in {**calls, **funding_calls()}.items()}


def funding_calls() -> dict[str, Call]:
    """Return good calls of what money costs by tenor."""
    from loantwin.products.funding import read_curve

    curve, principal = read_curve("3m 0.03, 1y 0.04", 0.01), np.array([[10.0, 0.0, 30.0], [1.0, 2.0, 3.0]])
    return {
        "funding.flat_curve": {"annual_rate": 0.03},
        "funding.read_curve": {"text": "3m 0.03, 1y 0.04", "spread": 0.01},
        "funding.curve_of": {"text": "3m 0.03", "spread": 0.01, "annual_rate": 0.03},
        "funding.rates_at": {"curve": curve, "months": np.array([1.0, 24.0])},
        "funding.transfer_rates": {"principal": principal, "curve": curve},
        "funding.strip_interest": {"principal": principal, "curve": curve},
    }


def by_hand(made: Mapping[str, Call]) -> dict[str, Call]:
    """Return good calls of what the program does not call, or not with every argument filled."""
    from loantwin.engine.path import Flows
    from loantwin.migrations.histories import RatingEvents
    from loantwin.products import contract
    from loantwin.products.columns.sheets import from_sheets
    from loantwin.products.columns.terms import term_columns
    from loantwin.products.contract import terms as loans_at
    from loantwin.products.registry import REGISTRY
    from loantwin.products.term_sheet import TermSheet
    from loantwin.risk.capital.options import load_options
    from loantwin.risk.stress.bands import NineQuarters
    from loantwin.types import Estimate

    loans = contract.terms([0, 1, 4], [12, 24, 36], [100.0, 200.0, 300.0], 0.05, balloon=[0.0, 50.0, 0.0])
    parameters = made["risk.loss.conditional.part_shares"]["parameters"]
    portfolio = made["risk.provisions.measurement.lifetime_months"]["columns"]
    days = np.array(
        ["2000-01-01", "2000-09-01", "2001-03-01", "2000-02-01", "2002-01-01"], dtype="datetime64[D]"
    )
    events = RatingEvents(
        np.array([0, 0, 0, 1, 1]), days, np.array([0, 1, 2, 1, 0]), ("A", "B", "D"), dt.date(2003, 1, 1), {}
    )
    sheets = [
        TermSheet(amount=Decimal(100), annual_rate=Decimal("0.05"), payments=3, start=dt.date(2024, 1, 31))
    ]
    columns = {
        "amount": np.array([10_000, 20_000, 30_000]),
        "annual_rate": np.array([0.05, 0.06, 0.07]),
        "payments": np.array([12, 6, 3]),
        "start": np.array(["2024-01-31", "2024-02-15", "2024-02-29"], dtype="datetime64[D]"),
        "first": np.array(["2024-02-29", "2024-03-31", "2024-04-15"], dtype="datetime64[D]"),
        "every": "1m",
        "due_day": np.array([0, 31, 15]),
        "roll": "following",
        "calendar": "weekends",
        "day_count": "actual/365",
        "interest_period": "daily",
        "odd_period": "by-days",
        "method": ["declining", "flat", "declining"],
        "amortisation": "balloon",
        "rounding": "half-up",
        "instalment_rounding": "up",
        "instalment": np.array([0, 0, 20_000]),
        "instalment_multiple": np.array([1, 1, 5]),
        "last_instalment": "rest",
        "balloon": np.array([1, 2, 3]),
        "principal_grace": np.array([1, 0, 0]),
        "interest_grace": np.array([1, 0, 0]),
        "interest_free": np.array([0, 1, 0]),
        "carry_rounding": np.array([True, False, False]),
    }
    figures = {item.name: np.ones((2, 1, 3)) for item in dataclasses.fields(Flows)}
    flows = Flows(**(figures | {"opening": np.ones((2, 1))}))
    weight = np.array([1.0, 2.0, 1.0])
    money = np.array([100.0, 250.0, 400.0])
    return {
        **one_loan(),
        "risk.capital.irb.irb_capital": {
            "pd": [0.01, 0.02, 0.03],
            "lgd": [0.4, 0.45, 0.5],
            "maturity": [2.0, 3.0, 4.0],
            "asset_class": ["corporate"] * 3,
            "annual_sales": [10.0, 20.0, 30.0],
            "transactor": [False, False, False],
            "elbe": [0.2, 0.3, 0.4],
            "input_floors": True,
        },
        "risk.capital.large_exposures.large_exposures": made["risk.capital.large_exposures.large_exposures"]
        | {"tier1": 1e6},
        "risk.provisions.measurement.origination_pd": {
            "portfolio": made["risk.provisions.measurement.exposures"]["portfolio"]
        },
        "risk.stress.bands.band_check": {
            "product_class": "card",
            "hard": NineQuarters(2 * LOSSES[:27], LOSSES[:27], 100 + LOSSES[:27]),
            "base": NineQuarters(LOSSES[:27], LOSSES[:27] / 2, 100 + LOSSES[:27]),
            "cap": 4.0,
        },
        "risk.capital.mitigation.haircut": {
            "kind": "sovereign",
            "rating": "a",
            "years": 2.0,
            "holding_days": 10,
            "revaluation_days": 1,
        },
        "risk.capital.mitigation.collateralised_exposure": {
            "exposure": money,
            "value": money / 2,
            "haircuts": THREE / 4,
            "currency_mismatch": [True, False, True],
        },
        "risk.capital.mitigation.simple_weight": {
            "weight": weight,
            "collateral_weight": THREE,
            "share": THREE,
            "floor": 0.2,
        },
        "risk.capital.mitigation.guaranteed_share": {
            "share": THREE,
            "currency_mismatch": [True, False, True],
            "protection_years": weight,
            "exposure_years": 2 * weight,
        },
        "risk.capital.low_default.most_prudent_pd": {
            "debtors": np.array([100, 400, 300]),
            "defaults": np.array([0, 2, 1]),
            "confidence": 0.75,
            "correlation": 0.1,
        },
        "risk.capital.low_default.raised": {"pd": THREE / 10, "grade": np.array([0, 1, -1]), "least": THREE},
        "risk.capital.low_default.counted": {"grades": {"A": (10, 0), "B": (5, 1)}},
        "risk.capital.national.insufficient": {
            "rule": load_options("european-union").national.backstop,
            "exposure": money,
            "secured": money / 2,
            "immovable": np.array([True, False, True]),
            "years": weight,
            "provided": money / 10,
        },
        "risk.capital.ratios.allowance_limit": {
            "allowance": 3.0,
            "credit_rwa": 50.0,
            "rule": load_options("basel").national.allowance,
        },
        "risk.provisions.cecl_choice.method_error": {"foretold": 3.0, "came": 4.0},
        "risk.capital.ratios.provision_gap": {"expected_loss": 3.0, "provisions": 4.0, "irb_rwa": 50.0},
        "risk.capital.reference.irb_steps": {
            "pd": 0.01,
            "lgd": 0.4,
            "maturity": 2.0,
            "asset_class": "corporate",
            "annual_sales": 20.0,
            "transactor": False,
            "elbe": 0.2,
            "input_floors": True,
            "lgd_floor": 0.1,
        },
        "risk.capital.reference.standardised_reference": {
            "rules": load_options("basel"),
            "exposure_class": "residential_real_estate",
            "rating": "unrated",
            "ltv": 0.7,
            "counterparty_weight": 0.75,
            "defaulted": False,
            "provision_share": 0.1,
        },
        "risk.capital.supervisory.own_exposure_at_default": {
            "drawn": money,
            "undrawn": money,
            "own": THREE,
            "standard": THREE,
        },
        "risk.concentration.granularity_adjustment": {
            "exposure": money,
            "pd": THREE / 10,
            "lgd": THREE,
            "capital": THREE / 10,
            "weight": weight,
            "confidence": 0.99,
            "precision": 0.25,
            "severity": 0.25,
        },
        "risk.concentration.normal_granularity": {
            "exposure": money,
            "pd": THREE / 10,
            "lgd": THREE,
            "rho": THREE,
            "weight": weight,
            "confidence": 0.99,
            "severity": 0.25,
        },
        "risk.concentration.name_intervals": {
            "exposure": money,
            "weight": weight,
            "presence": THREE,
            "resamples": 20,
            "seed": 1,
        },
        "risk.intervals.intervals": {"flows": np.ones((4, 3)), "mean": np.ones(3)},
        "risk.intervals.name_noise": {
            "numbers": np.ones((4, 3)),
            "mean_size": np.full((4, 3), 2.0),
            "second_moment": np.full((4, 3), 5.0),
            "seed": 1,
            "stream": 0,
            "most": 30.0,
        },
        "risk.loss.copula.factors.factor_model": {
            "asset_correlation": [0.1, 0.2],
            "correlation": [[1.0, 0.5], [0.5, 1.0]],
            "sectors": ["a", "b"],
            "degrees_of_freedom": 5.0,
            "lgd_model": "constant",
            "lgd_spread": 0.25,
            "repair": False,
        },
        "risk.loss.copula.factors.obligors": {
            "model": made["risk.loss.copula.factors.obligors"]["model"].__class__(
                ("a", "b"), np.eye(2), np.array([0.1, 0.2])
            ),
            "exposure": money,
            "pd": THREE / 10,
            "lgd": THREE,
            "sector": np.array([0, 1, 0]),
            "segment": np.array([0, 1, 1]),
            "segments": ["x", "y"],
        },
        "risk.loss.credit_metrics.forward_values": {
            "coupon": 0.05,
            "years": 3,
            "curves": np.full((2, 2), 0.04),
            "face": 100.0,
            "recovery": 0.4,
        },
        "risk.loss.credit_metrics.moments": {"values": money, "probabilities": THREE, "deviations": weight},
        "risk.loss.credit_metrics.value_quantile": {"values": money, "probabilities": THREE, "level": 0.1},
        "risk.loss.credit_metrics.bivariate_normal": {"one": THREE, "other": -THREE, "rho": 0.3},
        "risk.loss.credit_metrics.joint_probabilities": {"one": MATRIX[0], "other": MATRIX[1], "rho": 0.3},
        "risk.loss.credit_metrics.migration_losses": {
            "values": np.tile([100.0, 90.0, 40.0], (3, 1)),
            "ratings": np.array([0, 1, 0]),
            "matrix": MATRIX,
            "correlation": THREE,
            "reference": "unchanged",
            "default_deviation": np.full(3, 10.0),
            "face": np.full(3, 110.0),
            "weight": weight,
            "sector": np.array([0, 1, 0]),
            "sector_correlation": np.eye(2),
            "paths": 200,
            "seed": 1,
            "importance": 0.9,
        },
        "risk.loss.creditrisk_plus.credit_risk_plus": {
            "exposure": money,
            "pd": THREE / 10,
            "pd_volatility": THREE / 20,
            "sector": ["a", "b", "a"],
            "loss_unit": 5.0,
            "specific": "a",
        },
        "risk.loss.loss.simulated": {"losses": made["risk.loss.loss.simulated_parts"]["losses"], "seed": 1},
        "risk.loss.loss.curve_of": {"losses": LOSSES, "weight": np.ones(400)},
        "risk.loss.tail.unexpected_loss": {
            "var": Estimate(8.0, 0.1),
            "expectation": Estimate(4.5, 0.1),
            "losses": LOSSES,
            "conditional_mean": LOSSES,
            "confidence": 0.9,
        },
        "risk.loss.tail.vasicek_quantile": {
            "pd": THREE / 10,
            "rho": THREE,
            "q": np.array([0.9, 0.99, 0.999]),
        },
        "risk.provisions.cecl.historical_shocks": {"parameters": parameters, "macro": None, "latent": None},
        "risk.provisions.cecl.historical_loss_rates": {
            "parameters": parameters,
            "lgd": made["risk.loss.conditional.part_shares"]["lgd"],
            "macro": None,
            "latent": None,
        },
        "risk.provisions.five_level.by_debtor": {
            "code": np.array([0, 2, 0]),
            "balance": money,
            "debtor": np.array([0, 0, -1]),
            "rules": made["risk.provisions.five_level.graded"]["rules"],
        },
        "risk.provisions.effective_rate.effective_rate": {"cash_flows": np.array([-100.0, 60.0, 60.0])},
        "risk.provisions.effective_rate.credit_adjusted_rate": {
            "price": 90.0,
            "expected_flows": np.array([50.0, 50.0]),
        },
        "risk.provisions.modification.modification": {
            "gross_carrying_amount": money,
            "present_value": money * 0.95,
            "threshold": 0.1,
        },
        "risk.provisions.modification.present_value": {
            "columns": portfolio,
            "original_rate": np.full(len(portfolio.principal), 0.05),
        },
        "risk.provisions.pooled.pooled_allowance": {
            "standard": "own",
            "portfolio": made["risk.provisions.measurement.exposures"]["portfolio"],
            "scenarios": made["risk.provisions.measurement.expected_losses"]["scenarios"],
            "losses": np.ones((len(portfolio.principal), 1)),
            "rules": ("one",),
            "provenance": {},
        },
        "risk.loss.conditional.conditional_losses": made["risk.loss.conditional.conditional_losses"]
        | {"shocks": [made["risk.loss.conditional.part_shares"]["shocks"]]},
        "risk.provisions.revolving.lines": {"columns": portfolio},
        "risk.stress.reverse.mildest": {
            "slopes": lambda z: (float(z.sum()), np.ones(len(z))),
            "values": lambda z: z.sum(axis=1),
            "start": np.zeros(2),
            "target": 1.0,
        },
        "risk.stress.reverse.harshest": {
            "slopes": lambda z: (float(z.sum()), np.ones(len(z))),
            "start": np.zeros(2),
            "radius": 1.0,
        },
        "risk.stress.reverse.frontier": {
            "slopes": lambda z: (float(z.sum()), np.ones(len(z))),
            "size": 2,
            "highest": 1.0,
        },
        "risk.stress.rarity.least_distances": {
            "radii": np.arange(3.0),
            "figures": np.array([1.0, 2.0, 4.0]),
            "costs": np.array([0.5, 3.0]),
        },
        "risk.stress.rarity.share_interval": {"share": 0.1, "trials": 20.0},
        "risk.stress.rarity.windows_cost": {
            "costs": np.array([1.0, 3.0, 2.0]),
            "distances": np.array([0.0, 2.0, 1.0]),
            "starts": np.arange(3) + 24_000,
            "apart": 1.5,
            "bar": 2.5,
            "bent": 0,
        },
        "risk.stress.rarity.fitted_tail": {
            "distances": np.linspace(0.0, 2.0, 30),
            "apart": 10.0,
            "distance": 3.0,
        },
        "risk.stress.reverse.walked": {
            "slopes": lambda z: (float(z.sum()), np.ones(len(z))),
            "figure": lambda z: float(z.sum()),
            "size": 2,
            "target": 1.0,
        },
        "risk.stress.reverse.unreachable": {"target": 3.0, "best": 2.0},
        "risk.stress.stress.scenario_flows": {
            "name": "Baseline",
            "flows": flows,
            "allowance": 5.0,
        },
        "products.contract.terms": {
            "product": [0, 1, 4],
            "remaining_months": [12, 24, 36],
            "principal": money,
            "annual_rate": THREE / 10,
            "balloon": [0.0, 50.0, 0.0],
            "floating": [True, False, True],
            "rate_spread": THREE / 10,
            "rate_floor": THREE / 20,
            "rate_cap": THREE,
            "interest_only_months": [0, 3, 0],
            "pattern": [0, 768, 0],
        },
        "products.contract.annuity_sum": {"monthly_rate": THREE / 100, "months": np.array([12, 24, 36])},
        "products.contract.repaid_share": {
            "pattern": [0, 768, 0],
            "monthly_rate": [0.0, 0.01, 0.02],
            "paid_months": [1.0, 6.0, 3.0],
            "months": [12.0, 36.0, 6.0],
        },
        "products.contract.level_payment": {
            "principal": money,
            "annual_rate": THREE / 10,
            "months": [12, 24, 36],
            "balloon": money / 4,
        },
        "products.contract.rate_path": {"loans": loans, "months": 3, "index_path": THREE / 10},
        "products.contract.schedule": {
            "loans": loans,
            "months": 3,
            "index_path": THREE / 10,
            "partial_monthly": THREE / 100,
        },
        "products.contract.schedule_minor": {
            "loans": loans,
            "months": 3,
            "index_path": THREE / 10,
            "partial_monthly": THREE / 100,
            "minor_units": 100,
        },
        "products.contract.balance_factors": {
            "product": 0,
            "annual_rates": THREE / 10,
            "remaining_months": 12,
            "balloon_share": 0.1,
            "interest_only_months": 1,
            "partial_monthly": 0.01,
        },
        "products.columns.terms.term_columns": columns,
        "products.columns.terms.take": {"terms": term_columns(**columns), "rows": np.array([2, 0])},
        "products.columns.sheets.from_sheets": {"sheets": sheets},
        "products.columns.from_terms.from_terms": {
            "loans": loans_at([0, 1], 12, [1_000.0, 2_000.0], 0.1),
            "as_of": dt.date(2024, 1, 31),
            "minor_units": 100,
        },
        "products.columns.periods.periods": {"terms": from_sheets(sheets), "before": 5, "dated": True},
        "products.columns.schedules.schedules": {"terms": term_columns(**columns)},
        "products.columns.schedules.blocks": {"terms": term_columns(**columns), "size": 2},
        "products.columns.schedules.monthly": {
            "terms": term_columns(**columns),
            "as_of": dt.date(2024, 3, 31),
            "months": 3,
            "group": np.array([7, 8, 7]),
        },
        "products.registry.products": {},
        "products.registry.product_flags": {},
        "products.registry.check_named": {"name": "balloon", "product": REGISTRY[1]},
        "products.registry.code": {"name": "balloon"},
        "products.registry.check_product": {"product": REGISTRY[0]},
        "migrations.cells.is_number": {"cell": "1.5 %"},
        "migrations.estimators.standard_errors": {"sums": made["migrations.estimators.estimate"]["sums"]},
        "migrations.estimators.exact_interval": {"events": weight, "trials": money, "level": 0.9},
        "migrations.estimators.aalen_johansen": {
            "events": events,
            "start": dt.date(2000, 6, 1),
            "end": dt.date(2002, 6, 1),
        },
        "migrations.generators.check_generator": {"values": RATES, "tolerance": 1e-8},
        "migrations.generators.weighted_adjusted": {"rates": RATES},
        "migrations.generators.quasi_optimised": {"rates": RATES},
        "migrations.generators.single_step": {"values": MATRIX},
        "migrations.generators.at_horizon": {"generator": RATES, "years": weight},
        "migrations.matrices.matrix": {
            "values": MATRIX,
            "states": ["A", "B", "D"],
            "years": 1.0,
            "tolerance": 1e-3,
            "file": None,
        },
        "migrations.matrices.default_curve": {"values": MATRIX, "default": 2, "years": 3},
        "migrations.matrices.marginal": {"cumulative": np.cumsum(np.full((3, 2), 0.1), axis=0)},
        "migrations.shift.conditional_matrix": {"values": MATRIX, "rho": THREE, "z": 0.5, "default": 2},
        "migrations.simulation.simulated_events": {
            "generator": RATES,
            "states": ["A", "B", "D"],
            "starts": np.array([0, 1, 0]),
            "years": 3.0,
            "seed": 1,
            "first": dt.date(2000, 1, 1),
        },
    }


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Call]:
    """Return a good call of every function: the first that the program makes of it, or one by hand."""
    root = tmp_path_factory.mktemp("arguments")
    lender, home = root / "lender", root / "twin"
    lt.synthetic(lender, loans=1500, months=48, seed=7, as_tape="mapping")
    lt.twin_create(home, lender / "tape.csv", str(lender / "mapping.toml"), dt.date(2022, 12, 31))
    lt.fit(home, [lender / "macro.csv"])
    made = taken_down(lambda: every_measure(root, lender, home))
    return made | by_hand(made) | rates()


def taken_down(work: Callable[[], None]) -> dict[str, Call]:
    """Return the arguments of the first call that some work makes of each function."""
    known = {item.__code__: path for path, item in FUNCTIONS.items()}
    made: dict[str, Call] = {}

    def note(frame: FrameType, event: str, argument: object) -> None:
        path = known.get(frame.f_code) if event == "call" else None
        if path is not None and path not in made:
            names = inspect.signature(FUNCTIONS[path]).parameters
            made[path] = {name: frame.f_locals[name] for name in names}

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return made


def every_measure(root: Path, lender: Path, home: Path) -> None:
    """Value a book in every way the program has."""
    matrix, history, funds = root / "matrix.csv", root / "history.csv", root / "funds.toml"
    matrix.write_text(",A,B,D,NR\nA,0.90,0.05,0.01,0.04\nB,0.10,0.80,0.05,0.05\n", encoding="utf-8")
    history.write_text(
        "customer,date,rating\n"
        + "".join(
            f"{customer},{2015 + year}-06-30,{'AAAAABBBBBBD'[(customer + year) % 12]}\n"
            for customer in range(20)
            for year in range(7)
        ),
        encoding="utf-8",
    )
    funds.write_text("cet1 = 80000000\n[other_rwa]\nmarket = 1000000\n", encoding="utf-8")
    plan, overlays = root / "plan.toml", root / "overlays.toml"
    plan.write_text('cet1 = 9000000\napproach = "irb"\n', encoding="utf-8")
    overlays.write_text(
        '[[overlay]]\nname = "x"\nauthor = "a"\nreason = "r"\nexpires = 2030-01-01\npercent = 10.0\n',
        encoding="utf-8",
    )
    ahead = [f"{lender / 'scenarios.csv'}#{name}" for name in ("Baseline", "Severe")]
    lt.provisions(home, "ifrs9", overlays=overlays)
    lt.provisions(home, "cecl", method="all")
    lt.provisions(home, "five-level", out=root / "rows.parquet")
    lt.provisions_explain(home, "L000000001", "ifrs9", out=root / "loan.xlsx")
    lt.loss(home, paths=512, confidence=0.9)
    for model in ("gaussian", "credit-risk-plus", "migration"):
        lt.loss(home, model=model, paths=2000, confidence=0.9)
    lt.capital(home, own_funds=funds, any_date=True)
    own = root / "own.toml"
    shipped = files("loantwin.risk.capital") / "options" / "european-union.toml"
    own.write_text(shipped.read_text(encoding="utf-8") + "\n# a lender's own\n", encoding="utf-8")
    lt.capital(home, options=str(own), any_date=True)
    lt.capital_explain(home, "L000000001", any_date=True)
    lt.concentration(home, resamples=5)
    lt.stress(home, ahead, align="start", months=6, capital=plan)
    lt.stress(home, ahead[:1], align="start", months=6, reverse=["loss=0.92%"])
    lt.journal(home, "2021-12-31", opening_overlays=overlays)
    lt.forecast(home, months=3, paths=16)
    lt.ratings(matrix)
    for kind in ("cohort", "duration"):
        lt.ratings(history, estimate=kind, resamples=40)


CONFIDENCES = ("confidence", "level")
AMOUNTS = ("exposure", "principal", "owed", "face", "drawn", "undrawn", "gross_carrying_amount")
"""Arguments that are money whatever the function."""
LENGTHS = ("another length", "one dimension more", "empty")
"""What is wrong with a shape alone. Where two arrays differ either may be named; one alone has any length."""
UNKNOWN = {
    ("risk.capital.from_book.capital_loans", "values"),
    ("risk.capital.irb.irb_capital", "annual_sales"),
    ("risk.capital.irb.irb_capital", "elbe"),
    ("risk.capital.irb.irb_risk_weight", "annual_sales"),
    ("risk.capital.irb.irb_risk_weight", "elbe"),
    ("risk.capital.irb.irb_risk_weight", "maturity"),
    ("risk.capital.reference.irb_steps", "annual_sales"),
    ("risk.capital.reference.irb_steps", "elbe"),
    ("risk.capital.reference.standardised_reference", "ltv"),
    ("risk.capital.standardised.standardised_risk_weight", "ltv"),
    ("products.contract.annuity_sum", "monthly_rate"),
    ("products.contract.repaid_share", "monthly_rate"),
    ("products.contract.repaid_share", "paid_months"),
    ("products.contract.repaid_share", "months"),
    ("risk.provisions.effective_rate.current_rate", "at_recognition"),
    ("products.contract.annuity_sum", "months"),
}
"""Where NaN means that a figure is not known, or is not read."""
ENDLESS = {
    ("risk.capital.irb.irb_risk_weight", "maturity"),
    ("risk.capital.mitigation.guaranteed_share", "protection_years"),
    ("risk.capital.mitigation.guaranteed_share", "exposure_years"),
    ("risk.loss.loss.name_factors", "exposed"),
    ("risk.loss.credit_metrics.bivariate_normal", "one"),
    ("risk.loss.credit_metrics.bivariate_normal", "other"),
    ("products.contract.terms", "rate_floor"),
    ("products.contract.terms", "rate_cap"),
}
"""Where infinity means that there is no end, or is not read."""
MISSING = (
    *("ltv", "guarantor_weight", "elbe", "annual_sales", "days_past_due", "months_since_default"),
    *("maturity", "impaired_loss_share", "Amounts.pd", "Amounts.lgd"),
    "Recognised.tape",
)
"""Fields in which NaN means that a figure is not known, or is not read."""
OTHERWISE = {
    ("risk.loss.copula.factors.checked_correlation", "matrix"): "correlation",
    ("migrations.generators.check_generator", "values"): "generator",
    ("migrations.matrices.check_matrix", "values"): "row",
    ("migrations.matrices.matrix", "values"): "row",
    ("products.registry.code", "name"): "product",
}
"""What a refusal says where it speaks of the thing rather than the argument."""


def spoilt(name: str, good: Any, annotation: str) -> Iterator[tuple[str, Any]]:
    """Yield in words what is wrong, and a bad value in place of a good one."""
    if isinstance(good, list) and good and all(isinstance(item, bool | int | float) for item in good):
        good = np.array(good)
    if isinstance(good, np.ndarray) and good.dtype.kind in "fiub":
        yield from spoilt_arrays(name, good, annotation)
        return
    if annotation != "object":
        yield "an object", object()
    if good is None:
        if annotation.startswith("Floats"):
            yield from (("NaN", np.array([np.nan])), ("texts", np.array(["x"])))
    elif isinstance(good, bool):
        yield from (("a text for a flag", "yes"), ("a number for a flag", 2), ("no flag", None))
    elif isinstance(good, int | np.integer):
        yield from (("a fraction", 2.5), ("true", True), ("a text", "2"), ("NaN", np.nan))
        yield "below all", -(10**6)
    elif isinstance(good, float | np.floating):
        yield from (("NaN", np.nan), ("minus infinity", -np.inf), ("a text", "0.5"), ("true", True))
        if name in CONFIDENCES:
            yield from ((f"{value}", value) for value in (0.0, 1.0, -0.1, 1.1, 0, 1))
        if name in AMOUNTS:
            yield "beyond int64", 2 * LARGEST_AMOUNT
    elif isinstance(good, str):
        yield "a number", 7.5
        if "None" not in annotation:
            yield "nothing", None
    elif annotation != "object":
        yield "a number", 7.5
        if not isinstance(good, Path):
            yield "a text", "text"
        yield from spoilt_fields(good)


def spoilt_fields(good: Any) -> Iterator[tuple[str, Any]]:
    """Yield an object of the packages with NaN in one of its arrays, where its class does not refuse it."""
    home = type(good).__module__.removeprefix("loantwin.").partition(".")[0]
    if not dataclasses.is_dataclass(good) or isinstance(good, type) or home not in PACKAGES:
        return
    for item in dataclasses.fields(good):
        value = getattr(good, item.name)
        if (
            isinstance(value, np.ndarray)
            and value.dtype.kind == "f"
            and value.size
            and not {item.name, f"{type(good).__name__}.{item.name}"} & set(MISSING)
        ):
            bad = value.copy()
            bad[(-1,) * bad.ndim] = np.nan
            with contextlib.suppress(ArgumentError):
                yield f"NaN in {item.name}", dataclasses.replace(good, **{item.name: bad})


def spoilt_arrays(name: str, good: np.ndarray, annotation: str) -> Iterator[tuple[str, Any]]:
    """Yield what can be wrong with an array."""
    yield from (("a text", "text"), ("texts", np.full(good.shape, "x")), ("an object", object()))
    if not good.size:
        return
    masked = np.ma.masked_array(good.copy(), mask=np.zeros(good.shape, dtype=bool))
    masked[(0,) * good.ndim] = np.ma.masked
    yield "masked", masked
    mixed = good.astype(object)
    mixed[(0,) * good.ndim] = "x"
    yield "a text among others", mixed
    if good.dtype.kind == "b":
        yield "numbers for flags", np.full(good.shape, 2)
        return
    yield "true", np.ones(good.shape, dtype=bool)
    for words, value in (("NaN", np.nan), ("infinity", np.inf), ("minus infinity", -np.inf)):
        bad = good.astype(np.float64)
        bad[(-1,) * good.ndim] = value
        yield words, bad
    if good.dtype.kind in "iu":
        yield from (("fractions", good + 0.5), ("below all", np.full(good.shape, -(10**6))))
    else:
        yield "complex", good.astype(np.complex128)
    if name in AMOUNTS:
        yield "beyond int64", np.full(good.shape, 2 * LARGEST_AMOUNT)
    if good.ndim:
        yield from (("another length", good[:-1].copy()), ("empty", good[:0].copy()))
        if "ArrayLike" not in annotation:  # what broadcasts may have any dimensions
            yield "one dimension more", good[None]


def said(path: str, name: str, good: Call, words: str) -> tuple[str, ...]:
    """Return words of which a refusal must hold one."""
    named = [name, OTHERWISE.get((path, name), name)]
    named += [words.removeprefix("NaN in ")] if words.startswith("NaN in ") else []
    named += [str(good[stated]) for stated in ("field", "name") if stated in good and stated != name]
    if words in LENGTHS:
        named += [other for other, value in good.items() if isinstance(value, np.ndarray | list)]
        named += ["protector_weight"] if path.endswith("simple_weight") else []
    return tuple(named)


def is_known(value: Any) -> bool:
    """Return whether a result holds no NaN."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return all(is_known(getattr(value, item.name)) for item in dataclasses.fields(value))
    if isinstance(value, tuple | list):
        return all(map(is_known, value))
    if isinstance(value, np.ndarray | np.generic | float):
        found = np.asarray(value)
        return found.dtype.kind not in "fc" or not np.isnan(found).any()
    return True


def complaint(path: str, name: str, good: Call, words: str, bad: Any) -> str:
    """Return what is wrong with how a function takes a bad argument; nothing where it refuses it well."""
    try:
        made = called(path, good | {name: bad})
    except InputError as error:
        fits = any(word in str(error) for word in said(path, name, good, words))
        return "" if fits else f"{words}: names another argument: {error}"
    except Exception as error:  # noqa: BLE001  # any other is what must not be
        return f"{words}: {type(error).__name__}: {error}"
    if words == "NaN" and (path, name) in UNKNOWN:
        return ""
    if words in LENGTHS and (is_known(made) or not is_known(called(path, good))):
        return ""
    if words.endswith("infinity") and (path, name) in ENDLESS and is_known(made):
        return ""
    return f"{words}: a result"


def called(path: str, arguments: Call) -> Any:
    """Return what a function gives for arguments by name."""
    first = next(iter(inspect.signature(FUNCTIONS[path]).parameters.values()), None)
    if first is not None and first.kind is first.VAR_POSITIONAL:
        return FUNCTIONS[path](*arguments[first.name])
    return FUNCTIONS[path](**arguments)


@pytest.mark.parametrize("path", FUNCTIONS)
def test_a_good_call_works(path: str, calls: dict[str, Call]) -> None:
    assert path in calls, "the program does not call it: add a good call to `by_hand`"
    called(path, calls[path])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("path", "name"), ARGUMENTS)
def test_a_bad_argument_is_refused_by_its_name(path: str, name: str, calls: dict[str, Call]) -> None:
    good = calls[path]
    annotation = str(inspect.signature(FUNCTIONS[path]).parameters[name].annotation)
    assert name in good, "add the argument to the good call"
    wrong = [complaint(path, name, good, words, bad) for words, bad in spoilt(name, good[name], annotation)]
    assert [words for words in wrong if words] == []
