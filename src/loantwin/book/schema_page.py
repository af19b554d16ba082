"""The documentation page of the published schema, generated from the schema itself."""

from __future__ import annotations

from loantwin.book.schema import COLLATERAL, GUARANTEES, LOANS, PANEL, PARTIES, PRODUCTS, STATES, Column
from loantwin.products.registry import REGISTRY

_TABLES: tuple[tuple[str, str, tuple[Column, ...]], ...] = (
    ("loans", "One row a loan.", LOANS),
    ("panel", "One row a loan and month: history of sources that report every month.", PANEL),
    ("parties", "Who stands behind a loan.", PARTIES),
    ("collateral", "What secures it.", COLLATERAL),
    ("guarantees", "Who guarantees it.", GUARANTEES),
)


def schema_page() -> str:
    """Return `docs/schema.md` as text."""
    parts = [
        "# The published schema",
        "Generated from `loantwin.book.schema` by `python -m loantwin.book.schema_page`; do not edit by "
        "hand.",
        "The schemas of input files are printed by `loantwin schema NAME`: `terms` "
        "([schedule.md](schedule.md)), `facts` ([account-replay.md](account-replay.md)), "
        "`application`, `case`, `policy` ([policies.md](policies.md#kinds)), "
        "`reasons` ([score-explain.md](score-explain.md)).",
        "An empty column is allowed, an absent one is not. Money is in the book's one currency, positive "
        "when it is owed or flows to the lender. Rates and shares are decimals. A missing value is missing "
        "and nothing else; NaN and infinity are refused. *Known from* names the date column from which the "
        "lender knows the value: `known_at` hides it before.",
        "Further columns of a source that its mapping keeps are text columns named `attribute_<name>`.",
        *[_table(name, words, columns) for name, words, columns in _TABLES],
        "## Products\n\n"
        + ", ".join(f"`{product.name}`" for product in REGISTRY)
        + ", and those that installed packages add ([extending](extending.md#a-product)).",
        "## States\n\n"
        + ", ".join(f"`{name}`" for name in STATES)
        + "\n\n`default_a_b` counts months since default.",
    ]
    return "\n\n".join(parts) + "\n"


def _table(name: str, words: str, columns: tuple[Column, ...]) -> str:
    lines = [
        f"## {name}",
        "",
        words,
        "",
        "| column | kind | unit | known from | meaning |",
        "|---|---|---|---|---|",
    ]
    for column in columns:
        kind = column.kind + (", required" if column.required else "")
        allowed = (
            f" One of the {'products' if column.allowed == PRODUCTS else 'states'} below."
            if len(column.allowed) > 4
            else ""
        )
        if column.allowed and not allowed:
            allowed = " One of " + ", ".join(f"`{item}`" for item in column.allowed) + "."
        known = f"`{column.known_from}`" if column.known_from else "always"
        lines.append(f"| `{column.name}` | {kind} | {column.unit} | {known} | {column.meaning}{allowed} |")
    return "\n".join(lines)


if __name__ == "__main__":
    from pathlib import Path

    Path("docs/schema.md").write_text(schema_page(), encoding="utf-8")
