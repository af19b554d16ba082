"""The published schema: one row a loan (`LOANS`), one row a loan and month (`PANEL`), and the link tables.

An empty column is allowed, an absent one is not. Money is in the book's one currency, positive when it flows
to or is owed to the lender; rates are decimals; a null is 'missing' and nothing else; NaN and infinity are
refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from loantwin.products import registry

PRODUCTS = registry.PRODUCTS
"""The five of `products.registry`, and those that installed packages add."""

SCORE_COLUMN = "attribute_score_log_odds"
"""An attribute of loans: log-odds of bad by the score that was applied to them (`fit --score`), a number."""

STATES = (
    "current",
    "dpd_1_29",
    "dpd_30_59",
    "dpd_60_89",
    "default_0_3",
    "default_3_6",
    "default_6_9",
    "default_9_12",
    "default_12_plus",
    "forborne_performing",
    "forborne_non_performing",
    "cured_probation",
    "charged_off",
    "settled",
    "prepaid",
    "matured",
)
"""Every state a loan can be in. A model lists the ones it knows; default_a_b counts months since default."""

DEFAULT_STATES = (
    "default_0_3",
    "default_3_6",
    "default_6_9",
    "default_9_12",
    "default_12_plus",
    "forborne_non_performing",
)
CLOSED_STATES = ("charged_off", "settled", "prepaid", "matured")

AMORTISATIONS = ("annuity", "equal_principal", "bullet", "other")
PAYMENT_FREQUENCIES = (
    "daily",
    "weekly",
    "fortnightly",
    "monthly",
    "every_two_months",
    "quarterly",
    "half_yearly",
    "yearly",
    "at_end",
    "other",
)
DAY_COUNTS = ("30/360", "actual/360", "actual/365", "actual/actual", "other")

Kind = Literal["text", "date", "money", "rate", "share", "count", "days", "number", "choice"]


@dataclass(frozen=True)
class Column:
    """One column of a published table."""

    name: str
    kind: Kind
    unit: str
    meaning: str
    allowed: tuple[str, ...] = ()
    required: bool = False
    """True where a null is not allowed."""
    known_from: str = "origination_date"
    """The date column from which a lender knows the value (`known_at`: null before); "" is always known."""


LOANS: tuple[Column, ...] = (
    # who and what
    Column(
        "loan_id",
        "text",
        "",
        "The lender's number of the loan, unique in the book.",
        required=True,
        known_from="",
    ),
    Column("borrower_id", "text", "", "The lender's number of the borrower.", known_from="approval_date"),
    Column(
        "facility_id",
        "text",
        "",
        "The facility or limit the loan is drawn under.",
        known_from="approval_date",
    ),
    Column(
        "product", "choice", "", "The kind of contract.", PRODUCTS, required=True, known_from="approval_date"
    ),
    Column("purpose", "text", "", "What the loan is for, in the lender's words.", known_from="approval_date"),
    Column(
        "industry",
        "text",
        "",
        "Industry code of the borrower (for instance NAICS).",
        known_from="approval_date",
    ),
    Column("region", "text", "", "State, province or region of the borrower.", known_from="approval_date"),
    Column("origination_grade", "text", "", "Credit grade given at origination.", known_from="approval_date"),
    Column(
        "origination_pd",
        "rate",
        "decimal a year",
        "12-month probability of default given at origination.",
        known_from="approval_date",
    ),
    Column("score", "number", "points", "Credit score at origination.", known_from="approval_date"),
    # when
    Column("approval_date", "date", "", "Date of approval.", known_from="approval_date"),
    Column("origination_date", "date", "", "Date of first disbursement.", known_from="origination_date"),
    Column(
        "term_months",
        "count",
        "months",
        "Contractual term from origination, as known at origination.",
        known_from="approval_date",
    ),
    Column("maturity_date", "date", "", "Contractual end."),
    # terms
    Column("approved_amount", "money", "currency", "Amount or limit approved.", known_from="approval_date"),
    Column("originated_amount", "money", "currency", "Amount disbursed at origination."),
    Column(
        "annual_rate", "rate", "decimal a year", "Contractual nominal rate in force, monthly compounding."
    ),
    Column(
        "effective_annual_rate",
        "rate",
        "decimal a year",
        "Effective interest rate at origination (IFRS 9), nominal monthly.",
    ),
    Column(
        "rate_type",
        "choice",
        "",
        "Fixed, or floating with an index.",
        ("fixed", "floating"),
        known_from="approval_date",
    ),
    Column(
        "rate_index",
        "text",
        "",
        "Macro factor a floating rate follows, for instance prime_rate.",
        known_from="approval_date",
    ),
    Column("rate_spread", "rate", "decimal a year", "Spread over the index.", known_from="approval_date"),
    Column("rate_cap", "rate", "decimal a year", "Highest contractual rate.", known_from="approval_date"),
    Column("rate_floor", "rate", "decimal a year", "Lowest contractual rate.", known_from="approval_date"),
    Column("next_reset_date", "date", "", "Next date at which a floating rate is reset."),
    Column(
        "balloon_share",
        "share",
        "decimal of originated",
        "Part of the originated amount due at maturity.",
        known_from="approval_date",
    ),
    Column(
        "interest_only_months",
        "count",
        "months",
        "Months from origination without scheduled principal.",
        known_from="approval_date",
    ),
    Column(
        "amortisation",
        "choice",
        "",
        "How principal is repaid; bullet is all at the end. Missing: by the product's level payments.",
        AMORTISATIONS,
        known_from="approval_date",
    ),
    Column(
        "payment_frequency",
        "choice",
        "",
        "How often payments fall due. Missing: monthly.",
        PAYMENT_FREQUENCIES,
        known_from="approval_date",
    ),
    Column(
        "day_count",
        "choice",
        "",
        "How days make the interest of a period. Missing: a month is a twelfth of a year.",
        DAY_COUNTS,
        known_from="approval_date",
    ),
    # where it stands at the as-of date
    Column(
        "state_date",
        "date",
        "",
        "Date at which the state columns below were observed.",
        known_from="state_date",
    ),
    Column("state", "choice", "", "State at the as-of date.", STATES, known_from="state_date"),
    Column("principal", "money", "currency", "Principal outstanding.", known_from="state_date"),
    Column("accrued_interest", "money", "currency", "Interest accrued and unpaid.", known_from="state_date"),
    Column("fees_due", "money", "currency", "Fees due and unpaid.", known_from="state_date"),
    Column("undrawn", "money", "currency", "Committed and not drawn.", known_from="state_date"),
    Column(
        "gross_carrying_amount",
        "money",
        "currency",
        "Principal plus accrued interest plus fees due.",
        known_from="state_date",
    ),
    Column(
        "days_past_due",
        "days",
        "days",
        "Days since the oldest unpaid instalment, daily count.",
        known_from="state_date",
    ),
    Column(
        "oldest_unpaid_date", "date", "", "Due date of the oldest unpaid instalment.", known_from="state_date"
    ),
    Column(
        "on_book_probability",
        "share",
        "decimal",
        "1 where known to be on the book; less where payoff is assumed.",
        known_from="state_date",
    ),
    # how it ended
    Column(
        "default_date", "date", "", "Date of default under the book's definition.", known_from="default_date"
    ),
    Column("charge_off_date", "date", "", "Date of charge-off.", known_from="charge_off_date"),
    Column(
        "charged_off", "money", "currency", "Cumulative principal charged off.", known_from="charge_off_date"
    ),
    Column(
        "recovered",
        "money",
        "currency",
        "Cumulative recovery after charge-off, net of cost.",
        known_from="closed_date",
    ),
    Column(
        "closed_date",
        "date",
        "",
        "Date the loan left the book by payoff, maturity, settlement or sale; of a charged-off loan, when "
        "recovery ended.",
        known_from="closed_date",
    ),
    Column(
        "principal_paid",
        "money",
        "currency",
        "Cumulative principal received over life.",
        known_from="closed_date",
    ),
    Column(
        "interest_paid",
        "money",
        "currency",
        "Cumulative interest received over life.",
        known_from="closed_date",
    ),
    Column("status", "text", "", "The source's own status after its value map.", known_from="closed_date"),
    # protection
    Column(
        "guaranteed_share",
        "share",
        "decimal of exposure",
        "Part of each loss a guarantor bears.",
        known_from="approval_date",
    ),
    Column("guarantor", "text", "", "Who guarantees.", known_from="approval_date"),
    Column(
        "collateral_value", "money", "currency", "Value of collateral after haircut, at its last valuation."
    ),
    # how it counts
    Column(
        "weight",
        "number",
        "cases",
        "How many loans of the population this row stands for.",
        required=True,
        known_from="",
    ),
)
"""The loan table. Extra columns of a source are kept as text columns named `attribute_<name>`."""

PANEL: tuple[Column, ...] = (
    Column("loan_id", "text", "", "The lender's number of the loan.", required=True),
    Column(
        "report_date",
        "date",
        "",
        "Last day of the month the row reports.",
        required=True,
        known_from="report_date",
    ),
    Column("state", "choice", "", "State at the report date.", STATES, known_from="report_date"),
    Column("days_past_due", "days", "days", "Days past due at the report date.", known_from="report_date"),
    Column(
        "principal",
        "money",
        "currency",
        "Principal outstanding at the report date.",
        known_from="report_date",
    ),
    Column("annual_rate", "rate", "decimal a year", "Contractual rate in force.", known_from="report_date"),
    Column(
        "scheduled_principal",
        "money",
        "currency",
        "Scheduled principal of the month.",
        known_from="report_date",
    ),
    Column("prepaid", "money", "currency", "Unscheduled principal of the month.", known_from="report_date"),
    Column("interest", "money", "currency", "Interest of the month.", known_from="report_date"),
    Column(
        "charged_off", "money", "currency", "Principal charged off in the month.", known_from="report_date"
    ),
    Column("recovered", "money", "currency", "Recovery of the month.", known_from="report_date"),
    Column("undrawn", "money", "currency", "Committed and not drawn.", known_from="report_date"),
)
"""The panel table: history by loan and month."""

CHECKED: tuple[Column, ...] = (
    Column(
        "currency",
        "text",
        "ISO 4217",
        "Currency of the loan's amounts; another than the book's is warned of.",
    ),
    Column("ended", "choice", "", "How the loan left, in the row that says so.", CLOSED_STATES),
    Column("amortisation_months", "count", "months", "Term over which a balloon loan's payments are made."),
    Column("stated_term", "count", "months", "A term that is no contract: read for its warnings only."),
    Column("past_due", "money", "currency", "Amount past due."),
    Column("oldest_unpaid_date", "date", "", "Due date of the oldest unpaid instalment."),
    Column(
        "breach_date", "date", "", "Day from which the amount past due has been material without a break."
    ),
    Column("restructured_date", "date", "", "First due date after the loan was restructured."),
    Column(
        "past_due_elsewhere",
        "share",
        "decimal",
        "Part of the debtor's debts at all lenders that is more than 90 days past due.",
    ),
)
"""Columns with a meaning that a mapping may name under `[checked]`: read, used, and never kept."""

PARTIES: tuple[Column, ...] = (
    Column("loan_id", "text", "", "The loan.", required=True),
    Column("party_id", "text", "", "The person or firm.", required=True),
    Column(
        "role",
        "choice",
        "",
        "What the party is to the loan.",
        ("borrower", "co_borrower", "guarantor"),
        required=True,
    ),
    Column("share", "share", "decimal", "Share of the obligation."),
)

COLLATERAL: tuple[Column, ...] = (
    Column("loan_id", "text", "", "The loan.", required=True),
    Column("collateral_id", "text", "", "The asset.", required=True),
    Column("value", "money", "currency", "Market value.", known_from="valuation_date"),
    Column("valuation_date", "date", "", "Date of the value.", known_from="valuation_date"),
    Column("lien", "count", "rank", "Rank of the charge, 1 is first."),
)

GUARANTEES: tuple[Column, ...] = (
    Column("loan_id", "text", "", "The loan.", required=True),
    Column("guarantor_id", "text", "", "The guarantor.", required=True),
    Column("share", "share", "decimal of exposure", "Part of each loss borne."),
)

LINKS = {"parties": PARTIES, "collateral": COLLATERAL, "guarantees": GUARANTEES}


def names(table: tuple[Column, ...]) -> list[str]:
    """Return the column names of a published table, in order."""
    return [column.name for column in table]
