"""Which named conventions a case of a suite asks for: families and names, for the table of conventions by suite."""

from __future__ import annotations

from loantwin.products.term_sheet import TermSheet

Named = tuple[str, str]
"""A family of conventions and one of them."""


def of_terms(sheet: TermSheet) -> set[Named]:
    """Return the conventions that terms name, what is taken for granted left out."""
    found: set[Named] = {
        (
            "period factor",
            f"{sheet.day_count}, {sheet.interest_period}" if sheet.annual_rate else "no interest",
        ),
        ("frequency", {"d": "days", "w": "weeks", "m": "months", "y": "years"}[sheet.every[-1]]),
        ("interest", sheet.method),
        ("amortisation", sheet.amortisation),
        ("rounding of interest", sheet.rounding),
        ("rounding of instalments", sheet.instalment_rounding or sheet.rounding),
        ("last instalment", sheet.last_instalment),
    }
    stated = {
        ("rounding of instalments", "multiple of a unit"): sheet.instalment_multiple is not None,
        ("due dates", f"day {sheet.due_day}" if sheet.due_day == "month-end" else "day of the month"): (
            sheet.due_day is not None
        ),
        ("due dates", "a first period of its own"): sheet.first is not None,
        ("due dates", f"roll: {sheet.roll}"): sheet.roll != "none",
        ("instalments", "agreed by date and amount"): bool(sheet.agreed),
        ("instalments", "agreed amount, number worked out"): sheet.payments is None and not sheet.agreed,
        ("disbursements", "several"): len(sheet.disbursements) > 1,
        ("disbursements", "down payment"): sheet.down_payment > 0,
        ("grace", "of principal"): sheet.principal_grace > 0,
        ("grace", "of interest"): sheet.interest_grace > 0,
        ("grace", "interest-free"): sheet.interest_free > 0,
        ("charges", "financed"): any(charge.financed for charge in sheet.charges),
        ("charges", "due on a day"): any(not charge.financed for charge in sheet.charges),
        ("caps", "of all interest and charges"): sheet.total_cost_cap is not None,
        ("caps", "of a day's interest"): sheet.daily_cost_cap is not None,
        ("rate", "floating"): sheet.floating is not None,
    }
    return found | {name for name, asked in stated.items() if asked}
