"""The products: what makes contracts run off differently, as data, and the check each must pass.

The five of the published schema come first; installed packages add theirs under the entry-point group
`loantwin.products`. Their names are read when this module is, without importing anything of theirs; what they
are is read when numbers by product are first asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Flags, Floats
from loantwin.errors import ModelError, UsageError, expected
from loantwin.products.term_sheet import AMORTISATIONS
from loantwin.registry import Registry

AT_THE_END = ("interest-only", "bullet")
"""Amortisations under which all principal is due with the last payment."""


@dataclass(frozen=True)
class Product:
    """A kind of contract.

    amortises : True where principal less the balloon is repaid by level payments; False where all of it is
        due at the end.
    redraws : True where what is repaid is drawn again until the end, so that the balance stands still
        (constant use).
    minimum_payment : decimal of the start balance repaid each month where `redraws`.
    amortisation : how principal comes back, a name of term sheets (`term_sheet.AMORTISATIONS`).
    """

    name: str
    meaning: str
    amortises: bool
    redraws: bool = False
    minimum_payment: float = 0.0
    amortisation: str = "annuity"


REGISTRY: tuple[Product, ...] = (
    Product("instalment", "Level payments over the term.", amortises=True),
    Product(
        "balloon",
        "Level payments, with a rest (the balloon) due with the last one.",
        amortises=True,
        amortisation="balloon",
    ),
    Product(
        "interest_only",
        "Interest each month, all principal at the end.",
        amortises=False,
        amortisation="interest-only",
    ),
    Product("mortgage", "Level payments over a long term, often after interest-only months.", amortises=True),
    Product(
        "revolving",
        "A line: the minimum payment is repaid and drawn again, all of it is due at the end.",
        amortises=False,
        redraws=True,
        minimum_payment=0.02,
        amortisation="interest-only",
    ),
)
"""The products that loantwin brings, in the order of the published schema."""

BY_NAME: Registry[Product] = Registry(
    "product", "loantwin.products", {product.name: product for product in REGISTRY}
)
"""Products by the name that tapes and term sheets give them, with those of installed packages."""

PRODUCTS: tuple[str, ...] = BY_NAME.names()
"""All names when the process began; a product's code in arrays is its index here. Those of packages follow,
by the alphabet: a code holds for one installation, and what is stored carries the name.
"""


def code(name: str) -> int:
    """Return the code of a product; an unknown name is a UsageError."""
    known = BY_NAME.spelt(name, field="product")
    if known not in PRODUCTS:
        raise UsageError(expected("a product installed before the process began", name), field="product")
    return PRODUCTS.index(known)


@cache
def products() -> tuple[Product, ...]:
    """Return every product, in the order of `PRODUCTS`; those of packages are imported now.

    Raises
    ------
    UsageError : two packages offer one name, or one cannot be imported. ModelError : `check_product` refuses
        one.
    """
    found = tuple(BY_NAME.named(name, field="product") for name in PRODUCTS)
    for name, product in zip(PRODUCTS, found, strict=True):
        if name not in BY_NAME:
            check_named(name, product)
    return found


def product_flags() -> tuple[Flags, Flags, Floats]:
    """Return `amortises`, `redraws` and `minimum_payment` by product code, each (number of products,)."""
    return (
        np.array([product.amortises for product in products()]),
        np.array([product.redraws for product in products()]),
        np.array([product.minimum_payment for product in products()]),
    )


def check_named(name: str, product: object) -> None:
    """Raise ModelError where what a package offers under a name is no product, or one of another name."""
    if not isinstance(product, Product):
        raise ModelError(expected("a Product", type(product).__name__), field=name)
    check_product(product)
    if product.name != name:
        raise ModelError(expected(f"a product of the name {name}", product.name), field=name)


def check_product(product: Product) -> None:
    """Raise ModelError where a product's numbers contradict each other; a test runs it over the registry."""
    check.kind(Product, product=product)
    if not product.name.isidentifier() or not product.meaning:
        raise ModelError(expected("a name of letters and a meaning", product.name), field="product")
    if product.amortises and product.redraws:
        raise ModelError(expected("a product that amortises or redraws", "both"), field=product.name)
    if product.amortisation not in AMORTISATIONS:
        raise ModelError(
            expected("an amortisation of " + ", ".join(AMORTISATIONS), product.amortisation),
            field=product.name,
        )
    if product.amortises == (product.amortisation in AT_THE_END):
        words = "that amortises" if product.amortises else "due at the end"
        raise ModelError(
            expected(f"an amortisation of a product {words}", product.amortisation), field=product.name
        )
    if not 0.0 <= product.minimum_payment < 1.0 or (product.minimum_payment > 0.0 and not product.redraws):
        raise ModelError(
            expected("a minimum payment in [0, 1), of a line only", product.minimum_payment),
            field=product.name,
        )
