"""`provisions explain`: how the allowance of one loan comes about."""

from __future__ import annotations

from pathlib import Path

from loantwin.config import chosen
from loantwin.errors import UsageError, expected
from loantwin.files import check_replaced, check_target
from loantwin.outlook.outlook import Histories, Outlook, Scenarios, read_scenarios
from loantwin.outlook.portfolio import economies, portfolio
from loantwin.risk.provisions.explain import EXPLAINED, ProvisionExplanation, explained
from loantwin.risk.provisions.provisions import lifetime_months, measured_lives
from loantwin.risk.provisions.workbook import write_workbook
from loantwin.twin import Twin, opened
from loantwin.verbs.provisions.provisions import expected_at_purchase


def provisions_explain(
    twin: Twin | Path | str,
    loan: str,
    standard: str,
    *,
    scenarios: Scenarios = (),
    align: str | None = None,
    history: Histories = (),
    supported_months: int | None = None,
    out: Path | str | None = None,
) -> ProvisionExplanation:
    """Return how one loan's allowance comes about: stage or class and why, probabilities, loss by month.

    Parameters
    ----------
    standard : ifrs9, cecl or five-level. scenarios, align, history, supported_months : as `provisions`.
    out : FILE.xlsx, a workbook whose formulas work the allowance out anew; needs the extra excel.

    Raises
    ------
    UsageError : no such loan on the book, another standard, a file that is no .xlsx. ExtraError : a workbook
        without the extra. Others as `provisions`.
    """
    if standard not in EXPLAINED:
        raise UsageError(expected("one of " + ", ".join(EXPLAINED), standard), field="standard")
    if out is not None:
        check_target(Path(out), "out")
        check_replaced(Path(out), "out")
    with opened(twin) as twin:
        twin = twin.using(chosen(twin.config, supported_months=supported_months))
        outlook = Outlook(twin)
        names = outlook.book.loans["loan_id"]
        row = names.index_of(loan)
        if row is None:
            near = f", such as {names[0]}" if len(names) else ""
            raise UsageError(expected(f"a loan on the book at {twin.as_of}{near}", loan), field="LOAN")
        book = portfolio(outlook)
        life = measured_lives(book, twin.config) if standard == "ifrs9" else book
        given = read_scenarios(twin, scenarios, align, history)
        made, notes = economies(outlook, given, lifetime_months(life.columns))
        result = explained(
            standard,
            book,
            made,
            twin.config,
            row,
            loan,
            poci_expected=expected_at_purchase(outlook, book) if standard == "ifrs9" else None,
            notes=tuple(dict.fromkeys((*outlook.notes, *notes))),
            provenance=twin.provenance(),
        )
        if out is not None:
            write_workbook(result, Path(out))
        return result
