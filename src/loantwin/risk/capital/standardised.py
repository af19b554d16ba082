"""Risk weights of the standardised approach on arrays (CRE20, or a country's options)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from loantwin.arguments import array, flags, is_scalar, numbers
from loantwin.arrays import Codes, Flags, Floats
from loantwin.errors import RiskError, expected
from loantwin.risk.capital.classes import codes
from loantwin.risk.capital.options import COUNTERPARTY, RATINGS, Options, load_options

RESIDENTIAL = ("residential_real_estate",)
"""Classes whose defaulted loans take the residential weight."""
BUCKETS = {
    **dict.fromkeys(("AAA", "AA+", "AA", "AA-"), "aaa_aa"),
    **dict.fromkeys(("A+", "A", "A-"), "a"),
    **dict.fromkeys(("BBB+", "BBB", "BBB-"), "bbb"),
    **dict.fromkeys(("BB+", "BB", "BB-"), "bb"),
    **dict.fromkeys(("B+", "B", "B-"), "b"),
    **dict.fromkeys(("CCC+", "CCC", "CCC-", "CC", "C", "D"), "below_b"),
    "": "unrated",
    "NR": "unrated",
}
"""Agency symbols and the row of the tables they stand for; the rows' own names serve too."""


def standardised_risk_weight(
    exposure_class: ArrayLike,
    *,
    rating: ArrayLike = "unrated",
    ltv: ArrayLike | None = None,
    counterparty_weight: ArrayLike = 1.0,
    short_term: ArrayLike = False,
    defaulted: ArrayLike = False,
    provision_share: ArrayLike = 0.0,
    currency_mismatch: ArrayLike = False,
    loan_splitting: ArrayLike = False,
    options: str | Path | Options = "basel",
) -> Floats | float:
    """Return each exposure's risk weight, decimal; all but `options` broadcast, scalars give a float.

    Parameters
    ----------
    exposure_class : a name of `Options.classes`: sovereign, own_sovereign, bank, bank_grade_a (_a_plus, _b,
        _c), corporate, corporate_investment_grade, corporate_sme, object_finance, commodities_finance,
        project_finance (_pre_operational, _high_quality), subordinated, retail_regulatory, retail_transactor,
        retail_other, residential_real_estate, residential_income_producing, commercial_real_estate,
        commercial_income_producing, other_real_estate (_income_producing), land_development (_presold), cash,
        other; or their codes.
    rating : agency symbol such as "BBB-", "" or "unrated" for none; read by sovereign, bank and corporate.
    ltv : loan to value, decimal above 0; read by the real estate classes that have bands. NaN elsewhere.
    counterparty_weight : weight of an unsecured exposure to the borrower, decimal: the cap of commercial real
        estate, and the rest of a split loan (individuals 0.75, SMEs 0.85 by CRE20.88, others their own).
    short_term : original maturity of at most three months; read by banks.
    defaulted : the weight is then that of CRE20.104 to CRE20.106, to be put on the exposure net of specific
        provisions.
    provision_share : specific provisions / outstanding amount, decimal in [0, 1]; read where defaulted.
    currency_mismatch : an unhedged loan to an individual in another currency than that of the income: x 1.5,
        at most 150 %.
    loan_splitting : use the split of CRE20.83 and CRE20.86 in place of the whole-loan table.
    options : a name of `options.BUILT_IN`, a TOML file, or Options; of any date.

    Raises
    ------
    RiskError : a class or rating the options do not know, an LTV that is missing or not positive where it
        decides, a value out of range, shapes that do not fit.
    """
    rules = options if isinstance(options, Options) else load_options(str(options))
    given = (
        exposure_class,
        rating,
        ltv,
        counterparty_weight,
        short_term,
        defaulted,
        provision_share,
        currency_mismatch,
    )
    scalar = is_scalar(*given, loan_splitting)
    names = codes(exposure_class, rules.classes, "exposure_class")
    columns: list[Any] = [
        names,
        rating_codes(rating),
        _decimals(np.nan if ltv is None else ltv, "ltv", missing=True),
        _decimals(counterparty_weight, "counterparty_weight", 12.5),
        _decimals(provision_share, "provision_share", 1.0),
        *(flags(item, name) for item, name in ((short_term, "short_term"), (defaulted, "defaulted"))),
        *(
            flags(item, name)
            for item, name in ((currency_mismatch, "currency_mismatch"), (loan_splitting, "loan_splitting"))
        ),
    ]
    try:
        shape = np.broadcast_shapes(*(column.shape for column in columns))
    except ValueError as error:
        shapes = ", ".join(str(column.shape) for column in columns if column.ndim)
        raise RiskError(
            expected("arguments whose shapes fit together", shapes), field="exposure_class"
        ) from error
    flat = [
        column.reshape(1) if column.size == 1 else np.broadcast_to(column, shape).reshape(-1)
        for column in columns
    ]
    made = _weights(rules, *flat)
    if made.size == 1 and shape != made.shape:
        made = np.broadcast_to(made, (int(np.prod(shape)),))
    return float(made[0]) if scalar else made.reshape(shape).copy()


def rating_codes(rating: ArrayLike) -> Codes:
    """Return the tables' row of each rating, shape of `rating`; codes of `RATINGS` are taken as such."""
    given = array(rating, "rating")
    if given.dtype.kind in "iu":
        return codes(given, RATINGS, "rating")
    symbols = (*BUCKETS, *RATINGS)
    rows = np.array(
        [RATINGS.index(BUCKETS[name]) for name in BUCKETS] + list(range(len(RATINGS))), dtype=np.int8
    )
    return np.asarray(rows[codes(given, symbols, "rating")], dtype=np.int8)


def _weights(
    rules: Options,
    names: Codes,
    rating: Codes,
    ltv: Floats,
    counterparty: Floats,
    provisions: Floats,
    short: Flags,
    bad: Flags,
    mismatch: Flags,
    split: Flags,
) -> Floats:
    weights = list(rules.weights.values())
    table = np.array([[item.by_rating, item.short_term] for item in weights])
    made = np.asarray(table[names, short.astype(np.int8), rating])
    secured = np.array([item.reads_ltv or item.of_counterparty for item in weights])
    if secured[names].any():
        made = np.array(
            np.broadcast_to(made, np.broadcast_shapes(made.shape, ltv.shape, counterparty.shape, split.shape))
        )
        present = np.unique(names) if len(names) > 1 else names
        for code in present[secured[present]]:
            _secured(rules, int(code), names, ltv, counterparty, split, made)
    if np.isnan(made).any():
        _unrated(rules, names, rating, made)
    rule = rules.currency_mismatch
    if mismatch.any() and rule is not None:
        touched = np.array([name in rule.classes for name in rules.classes])[names] & mismatch
        made = np.where(touched, np.minimum(rule.multiplier * made, np.maximum(made, rule.cap)), made)
    if bad.any():
        residential = np.array([name in RESIDENTIAL for name in rules.classes])[names]
        net = np.where(
            provisions < rules.defaulted.provision_share, rules.defaulted.below, rules.defaulted.otherwise
        )
        made = np.where(bad, np.where(residential, rules.defaulted.residential, net), made)
    return np.asarray(made, dtype=np.float64)


def _secured(
    rules: Options, code: int, names: Codes, ltv: Floats, counterparty: Floats, split: Flags, made: Floats
) -> None:
    """Set the weights of one real estate class."""
    own, size = rules.weights[rules.classes[code]], made.shape
    rows = np.broadcast_to(names == code, size)
    value, other = np.broadcast_to(ltv, size)[rows], np.broadcast_to(counterparty, size)[rows]
    if own.reads_ltv:
        missing = ~(value > 0)
        if missing.any():
            row = int(np.flatnonzero(rows)[int(np.argmax(missing))]) + 1
            was = value[int(np.argmax(missing))]
            raise RiskError(
                expected(
                    f"a loan-to-value ratio above 0 for {rules.classes[code]}",
                    "none" if np.isnan(was) else was,
                ),
                field="ltv",
                row=row if made.size > 1 else None,
            )
    band = own.bands[np.searchsorted(own.bounds, value, side="left")]
    if own.of_counterparty:
        band = np.where(band == COUNTERPARTY, other, np.minimum(band, other))
    parted = np.broadcast_to(split, size)[rows] | own.always_split
    if parted.any():
        if own.split is None:
            raise RiskError(
                expected(f"options that split loans of class {rules.classes[code]}", rules.name),
                field="loan_splitting",
            )
        share, weight = own.split
        inside = np.minimum(1.0, share / value)
        low = np.minimum(weight, other) if own.of_counterparty else weight
        band = np.where(parted, inside * low + (1.0 - inside) * other, band)
    made[rows] = band


def _unrated(rules: Options, names: Codes, rating: Codes, made: Floats) -> None:
    row = int(np.argmax(np.isnan(made)))
    own = rules.classes[int(np.broadcast_to(names, made.shape)[row])]
    was = RATINGS[int(np.broadcast_to(rating, made.shape)[row])]
    hint = " (an unrated bank goes by its grade: bank_grade_a, _b, _c)" if own == "bank" else ""
    raise RiskError(
        expected(f"a rating that {rules.name} has a weight for in class {own}{hint}", was),
        field="rating",
        row=row + 1 if made.size > 1 else None,
    )


def _decimals(values: ArrayLike, field: str, high: float = np.inf, *, missing: bool = False) -> Floats:
    made = numbers(values, field)
    wrong = ~((made >= 0) & (made <= high) & (made < np.inf))
    if missing:
        wrong &= ~np.isnan(made)
    if wrong.any():
        row = int(np.argmax(wrong.ravel()))
        worst = float(made.ravel()[row])
        wanted = f"a value from 0 to {high:g}" if np.isfinite(high) else "a finite value of at least 0"
        raise RiskError(
            expected(wanted, worst if np.isfinite(worst) else "NaN or infinity"),
            field=field,
            row=row + 1 if made.size > 1 else None,
        )
    return made
