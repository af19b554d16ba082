"""The synthetic book as a raw lender's export, in its own names, codes and forms, and mappings that read it.

Two tapes: the monthly one (a row a loan and month, the terms repeated on each) and the outcome table (a row a
loan).
"""

from __future__ import annotations

import polars as pl

from loantwin.synthesis.raw_text import coded, date_text, grouped_money, percent_text
from loantwin.synthesis.tables import SyntheticTables

DATE_FORM = "%d.%m.%Y"
SEPARATOR = ";"

PRODUCT_CODES = {
    "instalment": "TL",
    "balloon": "BL",
    "interest_only": "IO",
    "mortgage": "HM",
    "revolving": "CL",
}
STATE_CODES = {
    "current": "00",
    "dpd_1_29": "01",
    "dpd_30_59": "02",
    "dpd_60_89": "03",
    "default_0_3": "D1",
    "default_3_6": "D2",
    "default_6_9": "D3",
    "default_9_12": "D4",
    "default_12_plus": "D5",
    "cured_probation": "CU",
    "charged_off": "WO",
    "prepaid": "EP",
    "matured": "MA",
}
RATE_CODES = {"fixed": "F", "floating": "V"}

# our column: (the lender's heading, how it writes the value)
_TERMS: dict[str, tuple[str, str]] = {
    "loan_id": ("Contract No", "text"),
    "borrower_id": ("Customer", "text"),
    "product": ("Prod", "product"),
    "purpose": ("Purpose", "text"),
    "industry": ("Sector", "text"),
    "region": ("Area", "text"),
    "origination_grade": ("Rating", "text"),
    "origination_pd": ("PD %", "percent"),
    "score": ("Score", "whole"),
    "approval_date": ("Approved on", "date"),
    "origination_date": ("Paid out on", "date"),
    "term_months": ("Term (M)", "whole"),
    "approved_amount": ("Limit", "money"),
    "originated_amount": ("Paid out", "money"),
    "effective_annual_rate": ("EIR %", "percent"),
    "rate_type": ("F/V", "rate"),
    "rate_index": ("Index", "text"),
    "rate_spread": ("Margin %", "percent"),
    "rate_cap": ("Cap %", "percent"),
    "rate_floor": ("Floor %", "percent"),
    "balloon_share": ("Residual %", "percent"),
    "interest_only_months": ("Interest only (M)", "whole"),
    "guaranteed_share": ("Guarantee %", "percent"),
    "guarantor": ("Guarantor", "text"),
    "collateral_value": ("Security", "money"),
}
_ENDS: dict[str, tuple[str, str]] = {
    "default_date": ("90 days late on", "date"),
    "charge_off_date": ("Written off on", "date"),
    "closed_date": ("Closed on", "date"),
}
_MONTH: dict[str, tuple[str, str]] = {
    "report_date": ("Month end", "date"),
    "state": ("Status", "state"),
    "days_past_due": ("Days late", "whole"),
    "principal": ("Balance", "money"),
    "annual_rate": ("Rate %", "percent"),
    "scheduled_principal": ("Principal paid", "money"),
    "prepaid": ("Extra paid", "money"),
    "interest": ("Interest paid", "money"),
    "charged_off": ("Written off", "money"),
    "recovered": ("Recovered", "money"),
    "undrawn": ("Undrawn", "money"),
}
_OUTCOME: dict[str, tuple[str, str]] = {
    "charged_off": ("Written off", "money"),
    "recovered": ("Recovered", "money"),
    "principal_paid": ("Principal paid", "money"),
    "interest_paid": ("Interest paid", "money"),
    "status": ("Status", "state"),
}
_LUMPS = ("charged_off", "recovered")
"""Booked once in a loan's life, so that its largest monthly amount is its total."""

DIRT_COLUMNS = ("Paid out", "Paid out on", "Limit", "Prod")
"""Where `raw_text.plant` puts its dirt."""


def monthly_rows(tables: SyntheticTables) -> pl.DataFrame:
    """Return the monthly tape as text, a row a loan and month; an end is known from its month on."""
    ends = tables.loans.select("loan_id", *_ENDS)
    rows = tables.panel.join(ends, on="loan_id", how="left", maintain_order="left")
    known = [pl.when(pl.col(name) <= pl.col("report_date")).then(pl.col(name)).alias(name) for name in _ENDS]
    # terms are put into words once a loan, not once a row
    months = _written(rows.with_columns(known), {"loan_id": _TERMS["loan_id"], **_MONTH, **_ENDS})
    terms = _written(tables.loans, _TERMS)
    key = _TERMS["loan_id"][0]
    made = months.join(terms, on=key, how="left", maintain_order="left")
    return made.select([*terms.columns, *(name for name in months.columns if name != key)])


def outcome_rows(tables: SyntheticTables) -> pl.DataFrame:
    """Return the outcome table as text, one row a loan as it stands at the panel's end."""
    return _written(tables.loans, {**_TERMS, **_OUTCOME, **_ENDS})


def monthly_mapping(name: str, currency: str) -> str:
    """Return the TOML that reads the monthly tape."""
    head = _head(
        name,
        currency,
        "panel",
        "monthly rows",
        "defaults charge_offs balance prepayment interest recoveries delinquency",
    )
    columns = [_entry("columns", column, *form) for column, form in _TERMS.items()]
    ends = [_entry("columns", column, *form, take="last") for column, form in _ENDS.items()]
    ends += [_entry("columns", column, *_MONTH[column], take="max") for column in _LUMPS]
    panel = [_entry("panel", column, *form) for column, form in _MONTH.items()]
    return "\n".join([head, *columns, *ends, *panel])


def outcome_mapping(name: str, currency: str) -> str:
    """Return the TOML that reads the outcome table."""
    head = _head(
        name,
        currency,
        "outcomes",
        "one row a loan with its end",
        "defaults charge_offs prepayment recoveries",
    )
    rate = _entry("columns", "annual_rate", *_TERMS["effective_annual_rate"])
    return "\n".join(
        [
            head,
            rate,
            *(_entry("columns", column, *form) for column, form in {**_TERMS, **_OUTCOME, **_ENDS}.items()),
        ]
    )


def plain_mapping(name: str, currency: str, kind: str) -> str:
    """Return the TOML of tables in the schema's own names: "outcomes" (`loans.parquet`) or "panel"."""
    terms = {**_TERMS, **_ENDS} if kind == "panel" else {**_TERMS, **_OUTCOME, **_ENDS}
    figures = "defaults charge_offs prepayment recoveries" + (
        " balance interest delinquency" if kind == "panel" else ""
    )
    rate = [] if kind == "panel" else ['annual_rate = { source = "effective_annual_rate" }']
    lines = [_head(name, currency, kind, "tables of the published schema", figures), "[columns]", *rate]
    lines += [_plain_entry(column, form) for column, (_, form) in terms.items()]
    if kind == "panel":
        lines += ["", "[panel]", *(_plain_entry(column, form) for column, (_, form) in _MONTH.items())]
    return "\n".join([*lines, ""])


def _plain_entry(column: str, form: str) -> str:
    if form == "date":
        return f'{column} = {{ source = "{column}", formats = ["%Y-%m-%d"] }}'
    if form in _CODES:
        same = ", ".join(f'"{value}" = "{value}"' for value in _CODES[form])
        return f'{column} = {{ source = "{column}", values = {{ {same} }} }}'
    return f'{column} = {{ source = "{column}" }}'


def _written(frame: pl.DataFrame, columns: dict[str, tuple[str, str]]) -> pl.DataFrame:
    text = frame.select([_text(column, form) for column, (_, form) in columns.items()])
    return text.rename({column: heading for column, (heading, _) in columns.items()})


def _text(column: str, form: str) -> pl.Expr:
    match form:
        case "money":
            return grouped_money(pl.col(column)).alias(column)
        case "percent":
            return percent_text(column)
        case "date":
            return date_text(column, DATE_FORM)
        case "whole":
            return pl.col(column).cast(pl.Int64).cast(pl.String)
        case "product":
            return coded(column, PRODUCT_CODES)
        case "state":
            return coded(column, STATE_CODES)
        case "rate":
            return coded(column, RATE_CODES)
        case _:
            return pl.col(column)


def _head(name: str, currency: str, kind: str, words: str, observes: str) -> str:
    figures = ", ".join(f'"{figure}"' for figure in observes.split())
    return (
        f'name = "{name}"\nwords = "Made-up lender, simulated from a known truth: {words}."\n'
        f'currency = "{currency}"\nkind = "{kind}"\nobserves = [{figures}]\n'
        'segment_by = ["product", "origination_grade"]\n'
    )


_CODES = {"product": PRODUCT_CODES, "state": STATE_CODES, "rate": RATE_CODES}


def _entry(section: str, column: str, heading: str, form: str, take: str = "") -> str:
    lines = [f"[{section}.{column}]", f'source = "{heading}"']
    if form == "date":
        lines.append(f'formats = ["{DATE_FORM}"]')
    elif form == "percent":
        lines.append('unit = "percent"')
    elif form in _CODES:
        pairs = ", ".join(f'"{code}" = "{value}"' for value, code in _CODES[form].items())
        lines.append(f"values = {{ {pairs} }}")
    if take:
        lines.append(f'take = "{take}"')
    return "\n".join([*lines, ""])
