"""The products: what makes contracts run off differently, as data, and the check each must pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin import arguments as check
from loantwin.arrays import Flags, Floats
from loantwin.errors import ModelError, UsageError, expected


@dataclass(frozen=True)
class Product:
    """A kind of contract.

    amortises : True where principal less the balloon is repaid by level payments; False where all of it is
        due at the end.
    redraws : True where what is repaid is drawn again until the end, so that the balance stands still
        (constant use).
    minimum_payment : decimal of the start balance repaid each month where `redraws`.
    """

    name: str
    meaning: str
    amortises: bool
    redraws: bool = False
    minimum_payment: float = 0.0


REGISTRY: tuple[Product, ...] = (
    Product("instalment", "Level payments over the term.", amortises=True),
    Product("balloon", "Level payments, with a rest (the balloon) due with the last one.", amortises=True),
    Product("interest_only", "Interest each month, all principal at the end.", amortises=False),
    Product("mortgage", "Level payments over a long term, often after interest-only months.", amortises=True),
    Product(
        "revolving",
        "A line: the minimum payment is repaid and drawn again, all of it is due at the end.",
        amortises=False,
        redraws=True,
        minimum_payment=0.02,
    ),
)
"""All products; a product's code in arrays is its index here. The order is that of the published schema."""

PRODUCTS: tuple[str, ...] = tuple(product.name for product in REGISTRY)


def code(name: str) -> int:
    """Return the code of a product; an unknown name is a UsageError."""
    if name not in PRODUCTS:
        raise UsageError(expected("one of " + ", ".join(PRODUCTS), name), field="product")
    return PRODUCTS.index(name)


def product_flags() -> tuple[Flags, Flags, Floats]:
    """Return `amortises`, `redraws` and `minimum_payment` by product code, each (number of products,)."""
    return (
        np.array([product.amortises for product in REGISTRY]),
        np.array([product.redraws for product in REGISTRY]),
        np.array([product.minimum_payment for product in REGISTRY]),
    )


def check_product(product: Product) -> None:
    """Raise ModelError where a product's numbers contradict each other; a test runs it over the registry."""
    check.kind(Product, product=product)
    if not product.name.isidentifier() or not product.meaning:
        raise ModelError(expected("a name of letters and a meaning", product.name), field="product")
    if product.amortises and product.redraws:
        raise ModelError(expected("a product that amortises or redraws", "both"), field=product.name)
    if not 0.0 <= product.minimum_payment < 1.0 or (product.minimum_payment > 0.0 and not product.redraws):
        raise ModelError(
            expected("a minimum payment in [0, 1), of a line only", product.minimum_payment),
            field=product.name,
        )
