"""The top of a guessed mapping: currency, date of the data, what is observed, what is alike in all rows."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from loantwin.book.currencies import CODES
from loantwin.book.guess.draft import Draft
from loantwin.book.guess.evidence import US_STATES, kind_of_field
from loantwin.book.guess.names import meanings
from loantwin.book.guess.shape import date_within, latest_past, stated_day


def with_top(draft: Draft, path: Path) -> None:
    """State what stands at the top of the mapping: currency, date, what is observed, and what the tape
    lacks.
    """
    entries, kind = draft.entries, draft.shape.kind
    draft.currency, sure = _currency(draft)
    if not sure:
        draft.doubts["currency"] = "no column states the currency: " + (
            "a guess from names and texts" if draft.currency != "XXX" else "state it"
        )
    if not draft.shape.sure:
        draft.doubts["kind"] = draft.shape.said[0]
    if draft.series:
        draft.months = next((item.months for item in draft.series.values() if item.months), ())
        if not draft.months:
            draft.doubts["months"] = (
                "one column a month: state the day that each stands for, in the order of the columns"
            )
    if kind == "panel" and "state" not in entries and "days_past_due" not in entries:
        draft.doubts["state"] = "no column tells arrears: a panel needs days past due or a state"
    if kind == "snapshot":
        _as_of(draft, path)
    _constants(draft)
    draft.observes = _observes(draft)
    grade = entries.get("origination_grade")
    if (
        kind != "snapshot"
        and grade is not None
        and grade.confidence > 0.5
        and 2 <= draft.table.columns[grade.match.column].counts.height <= 12
    ):
        draft.segment_by = ("origination_grade",)


def _as_of(draft: Draft, path: Path) -> None:
    if "observation_date" in draft.entries:
        values = draft.table.columns[draft.entries["observation_date"].match.column]
        draft.as_of = stated_day(values) if values.filled else None
        return
    if "observation_date" not in draft.entries:
        for text, words in ((draft.look.title, "the line above the header"), (path.stem, "the file's name")):
            draft.as_of = date_within(text)
            if draft.as_of is not None:
                draft.as_of_why = f"as {words} says"
                draft.doubts["as_of"] = f"the date of the data is taken from {words}"
                return
    draft.as_of = latest_past(draft.table, {item: found.match for item, found in draft.entries.items()})
    draft.as_of_why = "the end of the month of the latest date" if draft.as_of else "unknown"
    draft.as_of = draft.as_of or dt.date(2000, 1, 1)
    draft.doubts["as_of"] = "no column and no title states the date of the data: --assume data_date=DATE does"


def _constants(draft: Draft) -> None:
    """State the product and the type of rate where no column tells them."""
    product = draft.entries.get("product")
    if product is None or product.off:
        draft.constants["product"] = _product(draft)
        draft.doubts["product"] = (
            f"no column tells the product in known codes: {draft.constants['product']} is assumed"
        )
    floating = {"rate_index", "rate_spread"} & set(draft.entries)
    kind = draft.entries.get("rate_type")
    if (kind is None or kind.off) and not floating:
        draft.constants["rate_type"] = "fixed"


def _product(draft: Draft) -> str:
    said = {meaning for name in draft.look.names[:500] for meaning in meanings(name)} | set(
        meanings(draft.look.title)
    )
    if {"mortgage", "property", "ltv", "occupancy"} & said and "vehicle" not in said:
        return "mortgage"
    limit = draft.entries.get("approved_amount")
    line = limit is not None and {"limit", "line"} & set(meanings(limit.match.column))
    drawn = {"principal", "undrawn"} & set(draft.entries)
    if not {"term_months", "maturity_date"} & set(draft.entries) and (
        {"bill", "limit"} <= said or (line and drawn) or ("card" in said and drawn)
    ):
        return "revolving"
    return "instalment"


def _currency(draft: Draft) -> tuple[str, bool]:
    """Return the currency of the amounts, and whether a column states it."""
    stated = draft.entries.get("currency")
    if stated is not None and draft.table.columns[stated.match.column].filled:
        return str(draft.table.columns[stated.match.column].counts["text"][0]).strip().upper(), True
    texts = [*draft.look.names[:500], draft.look.title]
    for found in draft.entries.values():
        if kind_of_field(found.item) == "money":
            texts += list(draft.table.columns[found.match.column].different.head(20))
    joined = " ".join(texts)
    named = [
        code
        for code in re.findall(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])", joined)
        if code in CODES and code not in ("ALL", "TOP", "TRY", "MOP", "CUP", "LAK", "COP")
    ]
    if named:
        return max(set(named), key=named.count), False
    signs = {
        "€": "EUR",
        "£": "GBP",
        "₹": "INR",
        "¥": "JPY",
        "元": "CNY",
        "円": "JPY",
        "원": "KRW",
        "zł": "PLN",
        "R$": "BRL",
        "$": "USD",
    }
    for sign, code in signs.items():
        if sign in joined:
            return code, False
    for item in ("product", "purpose", "region"):
        if item in draft.entries:
            joined += " ".join(draft.table.columns[draft.entries[item].match.column].different.head(20))
    return _by_language(draft, joined), False


def _by_language(draft: Draft, names: str) -> str:
    region = draft.entries.get("region")
    if (
        region is not None
        and set(draft.table.columns[region.match.column].different.head(30)) <= US_STATES
        and draft.look.frame.height
    ):
        return "USD"
    if re.search(r"[\u3040-\u30ff]", names):
        return "JPY"
    if re.search(r"[\uac00-\ud7af]", names):
        return "KRW"
    if re.search(r"[\u4e00-\u9fff]", names):
        return "CNY"
    lakhs = any(
        values.different.str.contains(r"^\D*\d{1,2}(?:,\d\d)+,\d{3}\b").any()
        for values in draft.table.columns.values()
        if values.filled
    )
    if lakhs:
        return "INR"
    # words of countries that mostly pay in euros; Spanish is spoken where most do not
    of_the_euro = re.search(
        r"(?i)darlehen|kredit(?!or)|zins|betrag|laufzeit|fällig|faellig|pret\b|prêt|encours|prestito|mutuo",
        names,
    )
    return "EUR" if of_the_euro else "XXX"


def _observes(draft: Draft) -> tuple[str, ...]:
    entries, kind = {item for item, found in draft.entries.items() if not found.off}, draft.shape.kind
    seen = []
    late = {"state", "days_past_due", "default_date"} & entries
    if (
        late
        if kind == "panel"
        else {"default_date", "charge_off_date"} & entries or (kind == "outcomes" and "state" in entries)
    ):
        seen.append("defaults")
    if {"charged_off", "charge_off_date"} <= entries if kind != "panel" else "charged_off" in entries:
        seen.append("charge_offs")
    if "principal" in entries and kind != "outcomes":
        seen.append("balance")
    if (kind == "panel" and "principal" in entries) or (kind == "outcomes" and "closed_date" in entries):
        seen.append("prepayment")
    if kind == "panel" and "interest_flow" in entries:
        seen.append("interest")
    if "recovered" in entries and kind != "snapshot":
        seen.append("recoveries")
    if {"state", "days_past_due"} & entries and kind != "outcomes":
        seen.append("delinquency")
    return tuple(seen)
