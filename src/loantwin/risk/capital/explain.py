"""How the capital of one loan comes about: rule, inputs, every intermediate value, each floor that binds."""

from __future__ import annotations

import math

import numpy as np

from loantwin import arguments as check
from loantwin.risk.capital.amounts import (
    Amounts,
    CapitalLoans,
    foundation_only,
    irb_amounts,
    standardised_amounts,
)
from loantwin.risk.capital.classes import MATURES, NAMES
from loantwin.risk.capital.national import CATEGORIES, SLOTTED
from loantwin.risk.capital.options import RATINGS, Options
from loantwin.risk.capital.reference import irb_steps
from loantwin.risk.capital.results import Step
from loantwin.risk.capital.supervisory import COLLATERAL

DECIMAL, YEARS, MONEY = "decimal", "years", "currency"


def standardised_steps(loan: CapitalLoans, options: Options) -> tuple[Step, ...]:
    """Return the steps of one loan (each field of `loan` has one row) under the standardised approach."""
    check.kind(CapitalLoans, loan=loan)
    check.kind(Options, options=options)
    made = standardised_amounts(loan, options)
    name = options.classes[int(loan.exposure_class[0])]
    rule = options.weights[name]
    source = _source(rule.paragraph, rule.certain)
    steps = [Step("exposure class", name, "", source)]
    if rule.reads_ltv:
        steps.append(Step("loan to value", float(loan.ltv[0]), DECIMAL, source))
    if rule.of_counterparty:
        steps.append(Step("weight of the counterparty", float(loan.counterparty_weight[0]), DECIMAL, source))
    if len(np.unique(rule.by_rating[~np.isnan(rule.by_rating)])) > 1:
        steps.append(Step("rating", RATINGS[int(loan.rating[0])], "", source))
    if loan.defaulted[0]:
        bad = options.defaulted
        steps.append(
            Step(
                "specific provisions",
                float(loan.provision_share[0]),
                DECIMAL,
                _source(bad.paragraph, bad.certain),
            )
        )
    if loan.undrawn[0] > 0:
        off = options.conversion
        steps.append(
            Step("conversion factor", float(loan.conversion[0]), DECIMAL, _source(off.paragraph, off.certain))
        )
    words = _source(options.defaulted.paragraph, options.defaulted.certain) if loan.defaulted[0] else source
    steps += [
        Step(
            "exposure at default",
            float(made.ead[0]),
            MONEY,
            "drawn (net of specific provisions) + factor x undrawn",
        ),
        *_supporting(loan, options),
        Step("risk weight of the borrower", float(made.own_weight[0]), DECIMAL, words),
        *_guarantee(loan, float(made.own_weight[0]), float(made.risk_weight[0]), float(made.ead[0]), options),
        Step("risk-weighted assets", float(made.rwa[0]), MONEY, "exposure at default x risk weight"),
        Step(
            "capital",
            float(made.rwa[0]) * options.minimum["total"],
            MONEY,
            "total minimum x risk-weighted assets",
        ),
    ]
    return tuple(steps)


def irb_approach_steps(
    loan: CapitalLoans, options: Options, *, foundation: bool
) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
    """Return the steps of one loan under an IRB approach, and the floors that bind."""
    check.kind(CapitalLoans, loan=loan)
    check.kind(Options, options=options)
    check.flag(foundation=foundation)
    made = irb_amounts(loan, options, foundation=foundation)
    if int(loan.slot[0]) >= 0:
        return _slotted(loan, options, made), ()
    code = int(loan.asset_class[0])
    name, sales = NAMES[code], float(loan.annual_sales[0])
    supervisory = bool(MATURES[code]) if foundation else bool(foundation_only(loan)[0])
    found = irb_steps(
        float(made.pd[0]),
        float(made.lgd[0]),
        float(made.maturity[0]),
        name,
        None if math.isnan(sales) else sales,
        bool(loan.transactor[0]),
        float(made.elbe[0]),
        input_floors=False,
    )
    lgd_source = (
        "CRE32.6 to CRE32.14 (supervisory)"
        if supervisory
        else "the twin's, downturn add-on included (CRE36.83)"
    )
    steps = [
        Step("asset class", name, "", found.paragraph),
        Step("PD estimated", float(loan.pd[0]), DECIMAL, "the twin's, one year"),
        Step("PD used", float(made.pd[0]), DECIMAL, "after the floor of CRE32.4 or CRE32.58"),
        Step("LGD before floor", _lgd_before(loan, supervisory, float(made.lgd[0])), DECIMAL, lgd_source),
        Step(
            "LGD used",
            float(made.lgd[0]),
            DECIMAL,
            "after the floor of CRE32.16 or CRE32.58; a defaulted loan's as it is",
        ),
    ]
    if int(loan.collateral_kind[0]) >= 0:
        kind = tuple(COLLATERAL)[int(loan.collateral_kind[0])]
        steps.append(
            Step(
                f"collateral, {kind.replace('_', ' ')}",
                float(loan.collateral_value[0]),
                MONEY,
                "CRE32.11, haircut 40 %",
            )
        )
    if loan.defaulted[0]:
        words = (
            "the supervisory LGD, so that K is 0 (CRE35.3)"
            if supervisory
            else "CRE31.3: K = max(0, LGD - EL)"
        )
        steps.append(Step("best estimate of expected loss", float(made.elbe[0]), DECIMAL, words))
    else:
        steps.append(Step("correlation R", found.correlation, DECIMAL, found.paragraph))
        if found.size_adjustment:
            steps.append(
                Step(
                    "of which taken off for size",
                    found.size_adjustment,
                    DECIMAL,
                    "CRE31.8, 0.04 x (1 - (S - 5) / 45)",
                )
            )
        steps.append(
            Step(
                "PD given a 1-in-1000 year",
                found.conditional_pd,
                DECIMAL,
                "N((G(PD) + sqrt(R) G(0.999)) / sqrt(1 - R))",
            )
        )
        if found.maturity is not None:
            steps += [
                Step("maturity by the contract", float(loan.maturity[0]), YEARS, "CRE32.47, CRE32.50"),
                Step(
                    "maturity M used",
                    found.maturity,
                    YEARS,
                    "2.5 (CRE32.44)" if supervisory else "1 to 5 (CRE32.46)",
                ),
                Step(
                    "maturity factor b", found.maturity_slope, DECIMAL, "CRE31.5, (0.11852 - 0.05478 ln PD)^2"
                ),
                Step(
                    "maturity adjustment",
                    found.maturity_adjustment,
                    "factor",
                    "(1 + (M - 2.5) b) / (1 - 1.5 b)",
                ),
            ]
    weight = float(made.own_weight[0])
    steps += [
        Step("capital requirement K", found.capital, DECIMAL, found.paragraph),
        *_supporting(loan, options),
        Step("risk weight of the borrower", weight, DECIMAL, f"12.5 K x scaling {options.irb.scaling:g}"),
        *_guarantee(loan, weight, float(made.risk_weight[0]), float(made.ead[0]), options),
        Step(
            "exposure at default",
            float(made.ead[0]),
            MONEY,
            "gross of provisions (CRE32.29), + factor x undrawn",
        ),
        Step("risk-weighted assets", float(made.rwa[0]), MONEY, "exposure at default x risk weight"),
        Step(
            "capital",
            float(made.rwa[0]) * options.minimum["total"],
            MONEY,
            "total minimum x risk-weighted assets",
        ),
        Step(
            "expected loss",
            float(made.expected_loss[0]),
            MONEY,
            "CRE35.2, of the part that no guarantor covers",
        ),
    ]
    before = {"PD": float(loan.pd[0]), "LGD": _lgd_before(loan, supervisory, float(made.lgd[0]))}
    after = {"PD": float(made.pd[0]), "LGD": float(made.lgd[0])}
    floors = []
    for item in made.bindings:
        if bool(item.where[0]):
            short = item.name.split(" ")[0]
            value = (
                f"{before[short]:.6g} raised to {after[short]:.6g}"
                if short in before
                else _other_floor(item.name, loan, made.maturity)
            )
            floors.append(Step(item.name, value, "", item.paragraph))
    return tuple(steps), tuple(floors)


def _slotted(loan: CapitalLoans, options: Options, made: Amounts) -> tuple[Step, ...]:
    """Return the steps of a loan of specialised lending that is weighted by its supervisory category."""
    table, category = divmod(int(loan.slot[0]), len(CATEGORIES))
    rule = options.national.slotting
    source = "" if rule is None else rule.source
    weight = float(made.own_weight[0])
    return (
        Step("slotted as", f"{SLOTTED[table].replace('_', ' ')}, {CATEGORIES[category]}", "", source),
        *_supporting(loan, options),
        Step("risk weight of the borrower", weight, DECIMAL, source),
        *_guarantee(loan, weight, float(made.risk_weight[0]), float(made.ead[0]), options),
        Step(
            "exposure at default",
            float(made.ead[0]),
            MONEY,
            "gross of provisions (CRE32.29), + factor x undrawn",
        ),
        Step("risk-weighted assets", float(made.rwa[0]), MONEY, "exposure at default x risk weight"),
        Step(
            "capital",
            float(made.rwa[0]) * options.minimum["total"],
            MONEY,
            "total minimum x risk-weighted assets",
        ),
        Step("expected loss", float(made.expected_loss[0]), MONEY, "the category's share of the exposure"),
    )


def _supporting(loan: CapitalLoans, options: Options) -> list[Step]:
    factor, national = float(loan.supporting[0]), options.national
    if factor == 1.0:
        return []
    rule = national.sme_factor
    if national.infrastructure is not None and factor == national.infrastructure.factor:
        rule_ = national.infrastructure.source
    else:
        rule_ = "" if rule is None else rule.source
    return [Step("factor on the weight", factor, DECIMAL, rule_)]


def _other_floor(name: str, loan: CapitalLoans, maturity: np.ndarray) -> str:
    if name.startswith("maturity"):
        return f"{float(loan.maturity[0]):.4g} years, taken as {float(maturity[0]):g}"
    return f"{float(loan.own_conversion[0]):.4g} raised to half of {float(loan.conversion[0]):g}"


def _lgd_before(loan: CapitalLoans, supervisory: bool, used: float) -> float:
    return used if supervisory else float(loan.lgd[0])


def _guarantee(loan: CapitalLoans, own: float, after: float, ead: float, options: Options) -> list[Step]:
    share = float(loan.guaranteed[0])
    if share <= 0:
        return []
    source = _source(options.guarantee.paragraph, options.guarantee.certain)
    protector = float(loan.guarantor_weight[0])
    if protector not in options.guarantee.values.values():
        source = "CRE22.79, weight assumed"
    used = "used" if protector <= own else "not used: it is worse than the borrower's"
    return [
        Step("covered by the guarantor", share * ead, MONEY, f"{100 * share:g} % of the exposure at default"),
        Step("not covered", (1 - share) * ead, MONEY, f"{100 * (1 - share):g} %, at the borrower's weight"),
        Step("risk weight of the guarantor", protector, DECIMAL, f"{source}, {used}"),
        Step("risk weight after the guarantee", after, DECIMAL, "covered x guarantor's + rest x borrower's"),
    ]


def _source(paragraph: str, certain: bool) -> str:
    return paragraph + ("" if certain else " (not checked against the text)")
