"""The conformance check of products."""

from __future__ import annotations

import numpy as np

from loantwin.arrays import Floats
from loantwin.errors import ModelError, expected
from loantwin.products.contract import schedule, terms
from loantwin.products.registry import BY_NAME, PRODUCTS, Product, check_named
from loantwin.products.registry import check_product as check_numbers

MONTHS, AMOUNT, RATE = 24, 1_000.0, 0.12
NEAR = 1e-9


def check_product(product: str | Product) -> None:
    """Raise ModelError, naming the product, where its numbers or its run-off contradict what it says.

    Parameters
    ----------
    product : its name; its run-off is tried too where it has a code (`products.registry`). Or the product
    itself, of which the numbers alone are read.

    Raises
    ------
    ModelError : an unknown name, a package that cannot be imported, no `Product`, or one of another name; a
        name that is no identifier, no meaning; an amortisation that is none of term sheets' or contradicts
        `amortises`; a minimum payment that is no share of a line; a run-off of 1,000 over 24 months at 12 %
        that does not end at nothing, or repays otherwise than the amortisation says.
    """
    if not isinstance(product, str):
        check_numbers(product)
        return
    found = BY_NAME.named(product, error=ModelError)
    check_named(BY_NAME.spelt(product, error=ModelError), found)
    if found.name in PRODUCTS:  # else its package came after the process had begun
        _check_run_off(found)


def _check_run_off(product: Product) -> None:
    table = schedule(terms(PRODUCTS.index(product.name), MONTHS, AMOUNT, RATE))
    repaid, closing = np.asarray(table.scheduled[0]), np.asarray(table.closing[0])
    drawn = float(np.asarray(table.draw).sum())
    if closing[-1] != 0.0 or closing.min() < 0.0:
        raise _wrong_product(product, "a balance that falls to nothing", f"{closing.min()} to {closing[-1]}")
    if abs(repaid.sum() - drawn - AMOUNT) > NEAR * AMOUNT:
        raise _wrong_product(product, f"{AMOUNT} repaid net of what is drawn", repaid.sum() - drawn)
    if (drawn > 0.0) != (product.redraws and product.minimum_payment > 0.0):
        raise _wrong_product(product, "what is repaid drawn again by a line alone", drawn)
    if product.redraws:
        return
    same = {
        "equal-principal": ("equal principal each month", repaid),
        "interest-only": ("no principal before the last month", np.append(repaid[:-1], 0.0)),
        "annuity": ("level payments", repaid + np.asarray(table.interest[0])),
        "balloon": ("level payments", repaid + np.asarray(table.interest[0])),
    }
    if product.amortisation not in same:
        raise _wrong_product(product, "an amortisation that the month grid knows", product.amortisation)
    words, amounts = same[product.amortisation]
    if _spread(amounts) > NEAR * AMOUNT:
        raise _wrong_product(product, words, f"{amounts.min()} to {amounts.max()}")


def _spread(amounts: Floats) -> float:
    return float(amounts.max() - amounts.min())


def _wrong_product(product: Product, what: str, was: object) -> ModelError:
    return ModelError(f"product {product.name}: {expected(what, was)}")
