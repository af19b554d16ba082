"""One loan's allowance as a workbook whose formulas work it out: change a cell, and the allowance follows.

Sheets `allowance` (what goes in, and the sum) and `months` (one row a month; PD, loss and discount are
formulas). Numbers carry all their digits, so that a recalculation gives the same allowance to the cent.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loantwin import arguments as check
from loantwin.errors import UsageError, expected
from loantwin.extras import require
from loantwin.files import CREATOR, check_replaced, check_target, whole_file
from loantwin.risk.provisions.explain import ProvisionExplanation

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

FIRST = 2
"""Row of the first month, as spreadsheets count."""
KEPT, WEIGHT, DEDUCTED = "B11", "B12", "B13"
"""Cells of the sheet `allowance`; B9 is the rate of discount, B10 the worth of a recovery."""
WEIGHTS = 20
"""Row of the first scenario's weight on the sheet `allowance`."""


@dataclass(frozen=True)
class _Formula:
    """A cell that is worked out; a text that only looks like one stays a text."""

    text: str


def write_workbook(result: ProvisionExplanation, out: Path) -> None:
    """Write the workbook; an existing file is replaced when the new one is whole.

    Raises
    ------
    UsageError : another ending than .xlsx. ExtraError : the extra excel is not installed.
    """
    check.kind(ProvisionExplanation, result=result)
    check.kind(Path, out=out)
    if out.suffix.lower() != ".xlsx":
        raise UsageError(expected("a file that ends in .xlsx", out.name), field="out")
    require("excel")
    check_target(out, "out")
    check_replaced(out, "out")
    import xlsxwriter

    with whole_file(out, "out") as file:
        # names come from tapes: a text is never read as a formula or a link
        book = xlsxwriter.Workbook(
            str(file), {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
        )
        book.set_properties({"author": CREATOR})
        bold, percent = book.add_format({"bold": True}), book.add_format({"num_format": "0.0000%"})
        money = book.add_format({"num_format": "#,##0.00"})
        sheet, months = book.add_worksheet("allowance"), book.add_worksheet("months")
        _allowance(sheet, result, bold, percent, money)
        _months(months, result, bold, percent, money)
        book.close()


def _allowance(sheet: Worksheet, result: ProvisionExplanation, bold: Any, percent: Any, money: Any) -> None:
    last = FIRST + len(result.months) - 1
    worth = next((item.worth for item in result.months if item.worth is not None), 1.0)
    loss, counted, pd = (f"months!{column}{FIRST}:{column}{last}" for column in "IJB")
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, 1, 22)
    rows: list[tuple[str, Any, Any]] = [
        ("loan", result.loan, bold),
        ("standard", result.standard, None),
        ("as of", result.as_of.isoformat(), None),
        ("currency", result.currency, None),
        ("stage, pool or class", result.stage, None),
        ("why", result.why, None),
        ("PD at recognition, same remaining life", result.pd_at_recognition, percent),
        ("gross carrying amount", result.exposure, money),
        ("discounted at a year, nominal monthly", result.discount_rate, percent),
        ("worth at default of 1 recovered later", worth, None),
        ("share that no guarantor bears", 1.0 - result.guaranteed_share, percent),
        ("rows of the population x chance to be on the book", result.weight, None),
        ("deducted: expected at recognition (POCI)", result.deducted, money),
        ("allowance before guarantees", _Formula(f"=SUMPRODUCT({loss},{counted})-{DEDUCTED}"), money),
        ("allowance", _Formula(f"=B14*{KEPT}*{WEIGHT}"), money),
        ("PD within the horizon", _Formula(f"=SUMPRODUCT({pd},{counted})"), percent),
        ("allowance as loantwin printed it", result.allowance, money),
        ("head of the log", str(result.provenance.get("log_head", "")), None),
    ]
    for place, (words, value, form) in enumerate(rows):
        sheet.write_string(place, 0, words, bold)
        if isinstance(value, _Formula):
            sheet.write_formula(place, 1, value.text, form, "")
        elif isinstance(value, str):
            sheet.write_string(place, 1, value, form)
        elif value is not None:
            sheet.write_number(place, 1, float(value), form)
    sheet.write_string(WEIGHTS - 2, 0, "scenario", bold)
    sheet.write_string(WEIGHTS - 2, 1, "weight", bold)
    for place, (name, weight) in enumerate(result.weights.items()):
        sheet.write_string(WEIGHTS - 1 + place, 0, name)
        sheet.write_number(WEIGHTS - 1 + place, 1, weight)


def _months(sheet: Worksheet, result: ProvisionExplanation, bold: Any, percent: Any, money: Any) -> None:
    names = tuple(result.weights)
    head = (
        "month", "marginal PD", "exposure", "charged off", "recovered", "severity", "discount", "date",
        "loss", "counted", *(f"PD {name}" for name in names),
    )  # fmt: skip
    for column, words in enumerate(head):
        sheet.write_string(0, column, words, bold)
    sheet.set_column(0, len(head) - 1, 13)
    sheet.freeze_panes(1, 1)
    for place, item in enumerate(result.months):
        row, at = place + 1, place + FIRST
        sheet.write_number(row, 0, item.month)
        sheet.write_string(row, 7, item.date or "")
        sheet.write_number(row, 9, int(item.counted))
        for column, name in enumerate(names, 10):
            if name in item.by_scenario:
                sheet.write_number(row, column, item.by_scenario[name], percent)
        if item.by_scenario:
            terms = (f"allowance!$B${WEIGHTS + k}*{_letter(10 + k)}{at}" for k in range(len(names)))
            sheet.write_formula(row, 1, "=" + "+".join(terms), percent, "")
        else:
            sheet.write_number(row, 1, item.marginal_pd, percent)
        if item.exposure is None or item.severity is None:
            sheet.write_number(row, 8, item.loss, money)  # past the contract's end: no one month
            continue
        sheet.write_number(row, 2, item.exposure, money)
        if item.charged_off is None or item.recovered is None:
            sheet.write_number(row, 5, item.severity, percent)
        else:
            sheet.write_number(row, 3, item.charged_off, percent)
            sheet.write_number(row, 4, item.recovered, percent)
            sheet.write_formula(row, 5, f"=D{at}-allowance!$B$10*E{at}", percent, "")
        discount = f"=(1+allowance!$B$9/12)^-A{at}" if item.worth is not None and item.month else "=1"
        sheet.write_formula(row, 6, discount, None, "")
        sheet.write_formula(row, 8, f"=B{at}*C{at}*F{at}*G{at}", money, "")


def _letter(column: int) -> str:
    """Return a column's letters, A for 0."""
    word = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        word = chr(ord("A") + rest) + word
    return word
