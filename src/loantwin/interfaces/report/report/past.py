"""Sections that look at what is there: the book, the tape, and where the figures come from."""

from __future__ import annotations

import polars as pl

from loantwin.book.segments import segment_labels
from loantwin.interfaces.report import charts
from loantwin.interfaces.report.blocks import (
    PageBlock,
    Section,
    amount,
    beside,
    details,
    heading,
    percent,
    pictures,
    table,
)
from loantwin.interfaces.report.labels import counted, edge_words, plain, segment_words
from loantwin.interfaces.report.report.findings import Findings
from loantwin.language import said

MOST_SEGMENTS = 14
MOST_BARS = 8


def book_section(found: Findings) -> Section:
    """Return what is on the book."""
    loans = found.book.with_columns(
        segment_labels(found.book, found.twin.mapping).alias("segment"),
        (pl.col("weight") * pl.col("on_book_probability").fill_null(1.0)).alias("number"),
    ).with_columns((pl.col("number") * pl.col("principal")).alias("balance"))
    by_segment = _grouped(loans, pl.col("segment")).sort("balance", "key", descending=[True, False])
    by_vintage = _grouped(loans, pl.col("origination_date").dt.year()).sort("key")
    by_product = _grouped(loans, pl.col("product")).sort("balance", "key", descending=[True, False])
    total = float(by_segment["balance"].sum())
    rows = [
        (
            segment_words(row["key"]),
            f"{row['number']:,.0f}",
            amount(row["balance"]),
            percent(row["balance"] / max(total, 1e-300), 1),
            percent(row["rate"]),
            percent(row["guaranteed"], 0),
        )
        for row in by_segment.head(MOST_SEGMENTS).iter_rows(named=True)
    ]
    rest = by_segment.slice(MOST_SEGMENTS)
    if rest.height:
        share = float(rest["balance"].sum())
        rows.append(
            (
                counted(rest.height, "smaller segment"),
                f"{rest['number'].sum():,.0f}",
                amount(share),
                percent(share / max(total, 1e-300), 1),
                "",
                "",
            )
        )
    rows.append(("all", f"{by_segment['number'].sum():,.0f}", amount(total), "100.0 %", "", ""))
    vintage = charts.grouped(
        "Balance by year of origination",
        _labels(by_vintage, 14),
        {"balance": _tail(by_vintage, 14)},
        unit=found.twin.currency,
    )
    what, shown = ("product", by_product) if by_product.height > 1 else ("segment", by_segment)
    largest = shown.head(MOST_BARS)
    ranked = charts.bars(
        f"Balance by {what}",
        [segment_words(str(key)) for key in largest["key"]],
        largest["balance"].to_list(),
        unit=found.twin.currency,
    )
    named = f"The {MOST_BARS} largest of {shown.height}." if shown.height > MOST_BARS else ""
    expected = float(by_segment["number"].sum())
    uncertain = expected < float(loans["weight"].sum()) - 0.5
    note = (
        "Number and balance are expectations: each loan counts with the probability that it is still on "
        "the book."
        if uncertain
        else ""
    )
    blocks = beside(
        table(
            (
                "segment",
                "expected number" if uncertain else "loans",
                "balance",
                "share",
                "mean rate",
                "guaranteed",
            ),
            rows,
            totals=(-1,),
            caption=note,
        ),
        pictures(
            (vintage, "Contractual balance" + (" expected to be still on the book." if uncertain else ".")),
            (ranked, named),
        ),
    )
    return Section("book", "The book", _lead(found, expected if uncertain else None), blocks)


def _lead(found: Findings, still: float | None) -> str:
    counts = found.twin.book.counts
    words = f"{counted(counts['on_book'], 'loan')} on the book"
    if still is not None:
        words += (
            f" by the contract, of which {still:,.0f} are expected to be still there (the tape does not "
            "tell payoff)"
        )
    return (
        f"{words}; {counts['not_yet_on_book']:,} not yet, {counts['closed_before_as_of']:,} closed before, "
        f"{counts['undated']:,} without a date."
    )


def _grouped(loans: pl.DataFrame, key: pl.Expr) -> pl.DataFrame:
    return loans.group_by(key.alias("key"), maintain_order=True).agg(
        pl.col("number").sum(),
        pl.col("balance").sum(),
        ((pl.col("annual_rate") * pl.col("balance")).sum() / pl.col("balance").sum()).alias("rate"),
        (
            (pl.col("guaranteed_share").fill_null(0.0) * pl.col("balance")).sum() / pl.col("balance").sum()
        ).alias("guaranteed"),
    )


def _labels(frame: pl.DataFrame, most: int) -> list[str]:
    names = [str(key) for key in frame["key"]]
    return names if len(names) <= most else ["earlier", *names[-most + 1 :]]


def _tail(frame: pl.DataFrame, most: int) -> list[float]:
    values = frame["balance"].to_list()
    return values if len(values) <= most else [sum(values[: -most + 1]), *values[-most + 1 :]]


def data_section(found: Findings) -> Section:
    """Return what the tape held, what was refused and what is assumed."""
    twin = found.twin
    loaded = twin.loaded.data
    blocks: list[PageBlock] = []
    for key, title in (
        ("quarantine_blob", "Rejected, by rule"),
        ("warnings_blob", "Kept with a warning, by rule"),
    ):
        if key in loaded:
            counts = (
                twin.home.read_frame(loaded[key])
                .group_by("rule")
                .agg(pl.col("row").n_unique().alias("rows"))
                .sort("rule")
            )
            blocks.append(
                table((title, "rows"), [(plain(rule), f"{count:,}") for rule, count in counts.iter_rows()])
            )
    details_ = twin.mapping.assumption_details
    if details_:
        blocks.append(heading("Assumed, because the tape does not tell"))
        blocks.append(
            table(
                ("name", "value", "unit", "meaning"),
                [(name, item.value, item.unit, item.words) for name, item in details_.items()],
                words=(0, 2, 3),
            )
        )
    seen = ", ".join(map(plain, twin.mapping.observes)) or "nothing of the outcome"
    lead = (
        f"{loaded.get('source_file', '')}, format {loaded.get('format', '')}, "
        f"{loaded.get('rows_read', 0):,} rows read. The source observes: {seen}."
    )
    return Section("data", "The tape", lead, tuple(blocks))


def provenance_section(found: Findings) -> Section:
    """Return where the figures come from."""
    told = found.forecast.provenance
    rows = [(plain(name), _fact(name, value)) for name, value in told.items() if name != "settings"]
    settings = [(name, str(value)) for name, value in told["settings"].items()]
    blocks = [
        table(("fact", "value"), rows, words=(0, 1)),
        details("Settings", table(("setting", "value"), settings)),
    ]
    return Section(
        "provenance",
        "Where the figures come from",
        "Every input is kept in the twin's home under its hash.",
        tuple(blocks),
    )


def _fact(name: str, value: object) -> str:
    """Return a fact in words: transitions spelt out, names as they are, a dash for what there is none of."""
    many = value if isinstance(value, list | tuple) else [value]
    if name == "prior_only":
        return ", ".join(said(edge_words(str(item))) for item in many) or "–"
    return (
        said(str(value))
        if name == "macro_note"
        else ", ".join("–" if item is None else str(item) for item in many)
    )
