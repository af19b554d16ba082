"""`capital explain`: how the capital of one loan comes about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from loantwin.errors import UsageError, expected
from loantwin.outlook.yearly_pd import THROUGH
from loantwin.risk.capital.amounts import take
from loantwin.risk.capital.assumptions import read_assumptions
from loantwin.risk.capital.explain import irb_approach_steps, standardised_steps
from loantwin.risk.capital.options import load_options
from loantwin.risk.capital.results import ExplanationResult, Step
from loantwin.twin import Twin, opened
from loantwin.verbs.capital.basis import (
    FOUNDATION,
    STANDARDISED,
    Basis,
    approaches,
    assumed_values,
    capital_basis,
)


def capital_explain(
    twin: Twin | Path | str,
    loan: str,
    *,
    approach: str = "all",
    options: str = "basel",
    pd: str = THROUGH,
    assume: Sequence[str] = (),
    any_date: bool = False,
) -> ExplanationResult:
    """Return how the capital of one loan comes about: rule, inputs, intermediate values, floors that bind.

    Raises
    ------
    UsageError : no such loan on the book. Other arguments as `capital`.
    """
    rules = load_options(str(options))
    wanted = approaches(approach, rules)
    with opened(twin) as twin:
        basis = capital_basis(twin, rules, read_assumptions(assume), pd, any_date=any_date)
        names = basis.outlook.book.loans["loan_id"]
        row = names.index_of(loan)
        if row is None:
            raise UsageError(
                expected(f"a loan on the book at {twin.as_of}, such as {names[0]}", loan), field="LOAN"
            )
        one = take(basis.loans, slice(row, row + 1))
        steps: dict[str, tuple[Step, ...]] = {}
        floors: dict[str, tuple[Step, ...]] = {}
        for name in wanted:
            if name == STANDARDISED:
                steps[name], floors[name] = standardised_steps(one, rules), ()
            else:
                steps[name], floors[name] = irb_approach_steps(one, rules, foundation=name == FOUNDATION)
        return ExplanationResult(
            loan=loan,
            as_of=twin.as_of,
            currency=twin.currency,
            options=rules.name,
            title=rules.title,
            facts=_facts(basis, row),
            approaches=steps,
            floors=floors,
            assumptions=assumed_values(basis.assumed),
            notes=(*rules.notes, *basis.notes),
            provenance={**twin.provenance(), "options_hash": rules.sha256},
        )


def _facts(basis: Basis, row: int) -> tuple[Step, ...]:
    loan, book = basis.loans, basis.outlook.book.loans
    place_ = basis.placement
    made = [
        Step("product", str(book["product"][row]), "", ""),
        Step("classified as", place_.reasons[int(place_.why[row])], "", "exposure_classes.toml"),
        Step("drawn, with accrued interest", float(loan.exposure[row]), "currency", ""),
        Step("undrawn", float(loan.undrawn[row]), "currency", ""),
        Step("rows of the population times chance to be on the book", float(loan.weight[row]), "number", ""),
        Step(
            "guaranteed share",
            float(basis.outlook.all_columns.guaranteed[row]),
            "decimal",
            str(book["guarantor"][row] or ""),
        ),
        Step("in default", "yes" if loan.defaulted[row] else "no", "", "CRE20.104"),
        Step(
            "PD",
            basis.pd,
            "",
            "long-run mean of the economy" if basis.pd == THROUGH else "mean over generated paths from today",
        ),
    ]
    return tuple(made)
