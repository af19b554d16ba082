"""From a book's columns to exposure classes: rules of `exposure_classes.toml`, the first that fits."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loantwin import arguments as check
from loantwin.arrays import Codes, Flags, Floats, Integers
from loantwin.errors import RiskError, expected
from loantwin.risk.capital.assumptions import CapitalAssumptions
from loantwin.risk.capital.classes import NAMES
from loantwin.risk.capital.national import SLOTTED
from loantwin.risk.capital.options import Options

PROPERTY = ("residential_", "commercial_", "land_", "other_real_estate", "multifamily")
"""Beginnings of the classes that real estate secures."""
LAND = "land_"
"""Beginning of the classes of land, development and construction."""
RENTED = (
    "commercial_income_producing",
    "residential_income_producing",
    "other_real_estate_income_producing",
    "multifamily",
)
"""Classes of property that lives on its rent."""


@dataclass(frozen=True)
class Placement:
    """Where N loans belong: (N,) index in the options' classes, and (N,) index in `classes.NAMES`.

    why : (N,) index in `reasons`, pairs of the rule on the borrower and the rule on the class. individual,
        revolving,
    property : (N,) booleans. guarantor_weight : (N,) decimal, NaN where a guarantor's standing is not known
        or its guarantee is no credit protection, of which `conditional`, (N,), are those for want of being
        unconditional. slotted : (N,) index in `national.SLOTTED` of firms' rented property and land, else -1.
    """

    exposure_class: Codes
    asset_class: Codes
    why: Integers
    reasons: tuple[str, ...]
    individual: Flags
    revolving: Flags
    secured_by_property: Flags
    guarantor_weight: Floats
    conditional: Flags
    slotted: Codes


@lru_cache(maxsize=1)
def rules() -> dict[str, Any]:
    """Return the rules as the file states them."""
    return tomllib.loads((files(__package__) / "exposure_classes.toml").read_text("utf-8"))


def place(loans: pl.DataFrame, owed: Floats, options: Options, assumed: CapitalAssumptions) -> Placement:
    """Return the exposure class of each loan of a book.

    Parameters
    ----------
    loans : the book's table, N rows. owed : (N,) drawn and undrawn amount of each loan, currency.

    Raises
    ------
    RiskError : an assumed class that the options or the IRB approach do not have.
    """
    check.kind(pl.DataFrame, loans=loans)
    check.money(owed=owed)
    check.kind(Options, options=options)
    check.kind(CapitalAssumptions, assumed=assumed)
    check.shaped((loans.height,), owed=owed)
    individual, borrower_rule = _borrowers(loans, assumed)
    total = borrower_totals(loans["borrower_id"], owed) * assumed.exchange_rate
    within = total <= options.retail["most"]
    classes, class_rule = _classes(loans, individual, within, options, assumed)
    revolving = (loans["product"] == "revolving").to_numpy()
    names = np.array(options.classes)[classes]
    real = np.array([name.startswith(PROPERTY) for name in options.classes])[classes]
    unsecured = (loans["collateral_value"].fill_null(0.0) <= 0).to_numpy()
    qualifying = unsecured & (total <= options.retail["revolving_most"])
    asset = _asset_classes(names, individual, revolving & qualifying, assumed)
    pairs = [f"{b}; {c}" for b, c in zip(borrower_rule, class_rule, strict=True)]
    reasons = tuple(dict.fromkeys(pairs))
    index = {text: item for item, text in enumerate(reasons)}
    why = np.array([index[text] for text in pairs], dtype=np.int64)
    weights, conditional = _guarantors(loans["guarantor"], options, assumed)
    land, rented = np.char.startswith(names, LAND), np.isin(names, RENTED)
    slotted = np.where(land, SLOTTED.index("high_volatility"), SLOTTED.index("income_producing"))
    slotted = np.where((land | rented) & ~individual & (not assumed.asset_class), slotted, -1).astype(np.int8)
    return Placement(classes, asset, why, reasons, individual, revolving, real, weights, conditional, slotted)


def borrower_totals(borrower: pl.Series, owed: Floats) -> Floats:
    """Return all that each loan's borrower owes, (N,); a loan without a borrower's number stands alone."""
    check.kind(pl.Series, borrower=borrower)
    check.money(owed=owed)
    check.shaped((len(borrower),), owed=owed)
    frame = pl.DataFrame({"borrower": borrower, "owed": owed})
    whole = (
        pl.when(pl.col("borrower").is_null())
        .then(pl.col("owed"))
        .otherwise(pl.col("owed").sum().over("borrower"))
    )
    return frame.select(whole)["owed"].to_numpy()


def _borrowers(loans: pl.DataFrame, assumed: CapitalAssumptions) -> tuple[Flags, list[str]]:
    if assumed.borrower:
        return np.full(loans.height, assumed.borrower == "individual"), [
            f"{assumed.borrower} assumed"
        ] * loans.height
    kind, words = pl.lit("individual"), pl.lit("")
    for rule in reversed(rules()["borrower"]):
        fits = _fits(rule)
        kind = pl.when(fits).then(pl.lit(rule["kind"])).otherwise(kind)
        words = pl.when(fits).then(pl.lit(f"{rule['kind']}: {rule['words']}")).otherwise(words)
    made = loans.select(kind.alias("kind"), words.alias("words"))
    return (made["kind"] == "individual").to_numpy(), made["words"].to_list()


def _classes(
    loans: pl.DataFrame, individual: Flags, within: Flags, options: Options, assumed: CapitalAssumptions
) -> tuple[Codes, list[str]]:
    if assumed.exposure_class:
        options.weight(assumed.exposure_class)
        code = options.classes.index(assumed.exposure_class)
        return np.full(loans.height, code, dtype=np.int8), [
            f"{assumed.exposure_class} assumed"
        ] * loans.height
    frame = loans.with_columns(pl.Series("\nindividual", individual), pl.Series("\nwithin", within))
    kind, words = pl.lit("corporate"), pl.lit("")
    for rule in reversed(rules()["class"]):
        if rule.get("business_size", assumed.business_size) != assumed.business_size:
            continue
        fits = _fits(rule)
        name = rule["class"] if rule["class"] in options.weights else rule.get("otherwise", rule["class"])
        kind = pl.when(fits).then(pl.lit(name)).otherwise(kind)
        words = pl.when(fits).then(pl.lit(rule["words"])).otherwise(words)
    made = frame.select(kind.alias("kind"), words.alias("words"))
    places = {name: code for code, name in enumerate(options.classes)}
    missing = set(made["kind"].unique().to_list()) - set(places)
    if missing:
        raise RiskError(
            expected(
                f"options {options.name} with the class {min(missing)} of some loans",
                "none; `assume` exposure_class=NAME sets one",
            ),
            field="exposure_class",
        )
    return made["kind"].replace_strict(places, return_dtype=pl.Int8).to_numpy(), made["words"].to_list()


def _fits(rule: dict[str, Any]) -> pl.Expr:
    """Return the condition of a rule on the book's columns; a null fits nothing."""
    test = pl.lit(True)
    for name in ("product", "purpose", "guarantor"):
        if name in rule:
            test &= pl.col(name).is_in(rule[name]).fill_null(False)
    if rule.get("industry"):
        test &= pl.col("industry").is_not_null()
    if "borrower" in rule:
        test &= pl.col("\nindividual") == (rule["borrower"] == "individual")
    if rule.get("within_limit"):
        test &= pl.col("\nwithin")
    return test


def _asset_classes(
    names: NDArray[np.str_], individual: Flags, revolving: Flags, assumed: CapitalAssumptions
) -> Codes:
    """Return IRB classes: mortgages CRE30.19, small firms CRE30.20, unsecured revolvers CRE30.23."""
    if assumed.asset_class:
        if assumed.asset_class not in NAMES:
            raise RiskError(
                expected("one of " + ", ".join(NAMES), assumed.asset_class), field="assume asset_class"
            )
        return np.full(len(names), NAMES.index(assumed.asset_class), dtype=np.int8)
    kinds = np.full(len(names), "corporate", dtype="U20")
    retail = np.char.startswith(names, "retail_")
    kinds[retail] = "retail_other"
    kinds[retail & individual & revolving] = "retail_revolving"
    kinds[np.char.startswith(names, "residential_") & individual] = "retail_mortgage"
    kinds[np.char.startswith(names, "bank")] = "bank"
    kinds[np.isin(names, ("sovereign", "own_sovereign"))] = "sovereign"
    made = np.zeros(len(names), dtype=np.int8)
    for code, name in enumerate(NAMES):
        made[kinds == name] = code
    return made


def _guarantors(guarantor: pl.Series, options: Options, assumed: CapitalAssumptions) -> tuple[Floats, Flags]:
    """Return weights of guarantors, NaN for no relief, and where that is for want of being unconditional."""
    table = options.guarantee
    if assumed.guarantee and assumed.guarantee not in table.values:
        raise RiskError(
            expected("one of " + ", ".join(table.values), assumed.guarantee), field="assume guarantee"
        )
    other = np.nan if assumed.guarantor_weight is None else assumed.guarantor_weight
    weights = {
        name: table[assumed.guarantee or group.get("guarantee", table.default)]
        for name, group in rules()["guarantor"].items()
        if group["class"] == "own_sovereign"
    }
    made = guarantor.replace_strict(weights, default=other, return_dtype=pl.Float64)
    refused = [name for name, weight in weights.items() if np.isnan(weight)]
    conditional = guarantor.is_in(refused).fill_null(False).to_numpy()
    return made.fill_null(other).to_numpy().astype(np.float64), conditional
