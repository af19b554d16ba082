"""Names that people write for other names: the nearest one is offered, never taken."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

SYNONYMS = {
    "principal": (
        "balance outstanding current_balance outstanding_balance principal_balance current_principal upb "
        "saldo"
    ),
    "originated_amount": "amount loan_amount original_amount disbursed_amount original_balance funded_amount",
    "approved_amount": "limit credit_limit sanctioned_amount facility_amount commitment",
    "annual_rate": "rate interest interest_rate coupon nominal_rate current_rate int_rate",
    "effective_annual_rate": "eir effective_rate apr effective_interest_rate",
    "term_months": "term tenor tenure maturity_months duration months original_term loan_term",
    "days_past_due": "dpd arrears days_late days_overdue overdue_days days_in_arrears delinquency_days",
    "origination_date": "start start_date issue_date disbursement_date open_date booking_date vintage",
    "maturity_date": "end_date end expiry expiry_date due_date final_date",
    "report_date": "date month reporting_date as_of cutoff cut_off_date period observation_date",
    "state": "delinquency arrears_status bucket delinquency_status performing",
    "status": "loan_status outcome account_status",
    "loan_id": "id loan account account_number contract contract_number loan_number number",
    "borrower_id": "customer customer_id client client_id debtor obligor member counterparty",
    "product": "type loan_type kind product_type",
    "origination_grade": "grade rating risk_grade",
    "origination_pd": "pd probability_of_default",
    "score": "fico credit_score scorecard",
    "charged_off": "loss losses charge_off write_off written_off writeoff chargeoff loss_amount",
    "charge_off_date": "write_off_date loss_date",
    "recovered": "recovery recoveries recovered_amount",
    "default_date": "date_of_default",
    "closed_date": "payoff_date close_date end_of_loan redemption_date",
    "accrued_interest": "interest_due interest_receivable",
    "undrawn": "available unused headroom",
    "collateral_value": "collateral property_value security security_value",
    "guaranteed_share": "guarantee guaranteed coverage",
    "prepaid": "prepayment unscheduled_principal",
    "region": "state_code province country location",
    "industry": "sector naics nace sic",
    "source": "column from field",
    "formats": "format date_format date_formats",
    "values": "map mapping codes",
    "missing": "na null nulls na_values",
    "constant": "value default fixed",
    "segment_by": "segments segment groups",
}
"""What people call a column or a key, by the name it has here."""

_OTHER = {word: name for name, words in SYNONYMS.items() for word in words.split()}
_CLOSE = 0.7


def near(name: str, allowed: Iterable[str]) -> str:
    """Return "; did you mean X?" for the nearest of the allowed names, or nothing where none is near."""
    names = list(allowed)
    plain = re.sub(r"[\W_]+", "_", name.strip().lower()).strip("_")
    meant = _OTHER.get(plain)
    if meant in names:
        return f"; did you mean {meant}?"
    lowered = {re.sub(r"[\W_]+", "_", item.lower()): item for item in reversed(names)}
    found = difflib.get_close_matches(plain, lowered, n=1, cutoff=_CLOSE)
    return f"; did you mean {lowered[found[0]]}?" if found else ""
