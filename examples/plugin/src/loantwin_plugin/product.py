"""A product: a loan whose principal rests until its last day."""

from loantwin.products.registry import Product

HARVEST = Product(
    "plugin_product",
    "Interest each month, all principal from the harvest.",
    amortises=False,
    amortisation="interest-only",
)
