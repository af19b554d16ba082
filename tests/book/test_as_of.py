"""What was known at a date: the gate that keeps later facts out."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loantwin.book.as_of import PrimeRate, assumed_rates, book_at, known_at
from loantwin.book.book import conform
from loantwin.book.mapping import from_dict, load_mapping, override
from loantwin.book.schema import COLLATERAL, LOANS, PANEL
from loantwin.book.segments import segment_labels
from loantwin.book.tape import Tape, read_tape
from loantwin.errors import MappingError, UsageError
from loantwin.months import month_of

AS_OF = dt.date(2005, 12, 31)


def table(**columns: list[object]) -> pl.DataFrame:
    """Return a loan table with the given columns."""
    size = len(next(iter(columns.values())))
    filled = {
        "loan_id": [str(number) for number in range(size)],
        "product": ["instalment"] * size,
        "weight": [1.0] * size,
    }
    return conform(pl.DataFrame({**filled, **columns}, strict=False), LOANS)


def scrambled(loans: pl.DataFrame, date: dt.date) -> pl.DataFrame:
    """Change every fact that became known after the date."""
    changed = []
    for column in LOANS:
        since = column.known_from
        if since == "":
            continue
        began = pl.coalesce("approval_date", "origination_date")
        later = ~((began if since == "approval_date" else pl.col(since)) <= date).fill_null(False)
        if column.kind == "date":
            # A date not known yet may turn out to be any later one, or none.
            other = (
                pl.lit(date + dt.timedelta(days=777)) if column.name == since else pl.lit(dt.date(1999, 9, 9))
            )
        elif column.kind in ("text", "choice"):
            other = pl.lit(column.allowed[-1] if column.allowed else "changed")
        else:
            other = pl.lit(1).cast(loans.schema[column.name])
        changed.append(pl.when(later).then(other).otherwise(pl.col(column.name)).alias(column.name))
    return loans.with_columns(changed)


def dated(loans: pl.DataFrame) -> pl.DataFrame:
    """Leave out loans without any date: nothing says when they became known."""
    return loans.filter(pl.col("origination_date").is_not_null())


@pytest.mark.data
@pytest.mark.parametrize("as_of", [dt.date(1997, 5, 17), AS_OF, dt.date(2007, 12, 31)])
def test_no_later_fact_reaches_the_view_or_the_book(data: Path, as_of: dt.date) -> None:
    tape = read_tape(data / "sba" / "sba_block.csv.gz", "sba")
    loans = dated(tape.loans)
    other = scrambled(loans, as_of)
    assert not other.equals(loans)
    assert known_at(other, as_of).equals(known_at(loans, as_of))
    first, second = (book_at(item, None, tape.mapping, as_of) for item in (loans, other))
    assert first.loans.equals(second.loans)
    assert first.counts == second.counts
    labels = [segment_labels(known_at(item, as_of), tape.mapping) for item in (loans, other)]
    assert labels[0].equals(labels[1])


@pytest.mark.data
@pytest.mark.parametrize("name", ["lending-club", "cmbs"])
def test_no_later_fact_reaches_other_books(data: Path, name: str) -> None:
    file = {
        "lending-club": "lending_club/accepted_1000_finished.csv",
        "cmbs": "cmbs_panel/loan_panel.csv.gz",
    }[name]
    as_of = {"lending-club": dt.date(2016, 12, 31), "cmbs": dt.date(2021, 12, 31)}[name]
    tape = read_tape(data / file, name)
    panel = tape.panel
    if panel is not None:
        late = pl.col("report_date") > as_of
        panel = panel.with_columns(
            pl.when(late).then(1.0).otherwise("principal").alias("principal"),
            pl.when(late).then(pl.lit("prepaid")).otherwise("state").alias("state"),
        )
    first = book_at(tape.loans, tape.panel, tape.mapping, as_of)
    second = book_at(scrambled(tape.loans, as_of), panel, tape.mapping, as_of)
    assert first.loans.equals(second.loans)
    assert first.counts == second.counts


days = st.dates(dt.date(1990, 1, 1), dt.date(2012, 12, 31))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(days, st.integers(0, 900), st.integers(0, 4000), st.floats(0, 1e6)), min_size=1, max_size=12
    ),
    days,
)
def test_known_at_is_blind_and_idempotent(
    rows: list[tuple[dt.date, int, int, float]], as_of: dt.date
) -> None:
    loans = table(
        approval_date=[day for day, _, _, _ in rows],
        origination_date=[day + dt.timedelta(days=wait) for day, wait, _, _ in rows],
        charge_off_date=[day + dt.timedelta(days=wait + life) for day, wait, life, _ in rows],
        charged_off=[amount for *_, amount in rows],
        status=["charged_off" for _ in rows],
    )
    view = known_at(loans, as_of)
    assert view.equals(known_at(scrambled(loans, as_of), as_of))
    assert known_at(view, as_of).equals(view)
    # What was known stays known: a later view agrees with an earlier one wherever that has a value.
    later = known_at(loans, as_of + dt.timedelta(days=365)).join(
        view.select("loan_id"), on="loan_id", how="semi", maintain_order="left"
    )
    for name in view.columns:
        known = view[name].is_not_null()
        assert view[name].filter(known).equals(later[name].filter(known)), name


def test_the_day_itself_is_known() -> None:
    loans = table(
        origination_date=[AS_OF, AS_OF],
        charge_off_date=[AS_OF, AS_OF + dt.timedelta(days=1)],
        charged_off=[5.0, 5.0],
    )
    assert known_at(loans, AS_OF)["charged_off"].to_list() == [5.0, None]


def test_panel_rows_after_the_date_are_gone() -> None:
    panel = conform(
        pl.DataFrame({"loan_id": ["1", "1"], "report_date": [AS_OF, AS_OF + dt.timedelta(days=31)]}), PANEL
    )
    assert known_at(panel, AS_OF, PANEL)["report_date"].to_list() == [AS_OF]


def sba(tape_file: Callable[..., Path], *rows: dict[str, str]) -> Tape:
    return read_tape(tape_file(*rows), "sba")


def test_counts_of_a_hand_made_tape(
    paid: Callable[..., dict[str, str]],
    charged_off: Callable[..., dict[str, str]],
    tape_file: Callable[..., Path],
) -> None:
    late = {"ApprovalDate": "1-Jun-04", "DisbursementDate": "30-Jun-04"}
    tape = sba(
        tape_file,
        paid(**late),  # on the book
        charged_off(**late, ChgOffDate="31-Dec-05"),  # closed on the day
        charged_off(**late, ChgOffDate="1-Jan-06"),  # on the book: the charge-off is not known
        paid(),  # of 1997, 84 months: past its term
        paid(ApprovalDate="1-Jun-06", DisbursementDate="30-Jun-06"),  # not yet
        paid(DisbursementDate=""),  # undated
    )
    book = book_at(tape.loans, None, tape.mapping, AS_OF)
    assert book.counts == {"on_book": 2, "not_yet_on_book": 1, "closed_before_as_of": 2, "undated": 1}
    assert book.loans["loan_id"].to_list() == ["1000000001", "1000000003"]
    assert book.loans["charged_off"].to_list() == [None, None]


def test_balance_of_an_annuity_by_hand(
    paid: Callable[..., dict[str, str]], tape_file: Callable[..., Path]
) -> None:
    loan = paid(
        ApprovalDate="1-Dec-03",
        DisbursementDate="31-Dec-03",
        DisbursementGross="100000",
        GrAppv="100000",
        SBA_Appv="50000",
    )
    tape = read_tape(
        tape_file(loan), "sba", overrides={"term_up_to_150k": 84, "annual_rate_without_macro": 0.12}
    )
    book = book_at(tape.loans, None, tape.mapping, AS_OF)
    # 24 of 84 payments at 1 % a month: payment 1,765.27; outstanding = payment x (1 - 1.01^-60) / 0.01
    payment = 100_000 * 0.01 / (1 - 1.01**-84)
    assert payment == pytest.approx(1765.27, abs=0.005)
    assert book.loans["principal"][0] == pytest.approx(payment * (1 - 1.01**-60) / 0.01, rel=1e-12)
    assert book.loans["state"][0] == "current"
    assert book.loans["maturity_date"][0] == dt.date(2010, 12, 31)
    assert set(book.assumed) >= {"principal", "state", "annual_rate", "on_book_probability", "term_months"}


def test_lines_stand_at_the_assumed_use_of_the_approved_limit(
    paid: Callable[..., dict[str, str]], tape_file: Callable[..., Path]
) -> None:
    line = paid(
        RevLineCr="Y",
        DisbursementDate="31-Dec-04",
        DisbursementGross="250000",
        GrAppv="100000",
        SBA_Appv="50000",
    )
    tape = read_tape(tape_file(line), "sba", overrides={"utilisation": 0.4})
    book = book_at(tape.loans, None, tape.mapping, AS_OF)
    assert book.loans.select("product", "principal", "undrawn").row(0) == ("revolving", 40000.0, 60000.0)


def test_assumed_rates_follow_the_index(
    paid: Callable[..., dict[str, str]], tape_file: Callable[..., Path]
) -> None:
    tape = sba(tape_file, paid(DisbursementDate="31-Dec-04"))
    prime = PrimeRate(month_of(dt.date(2005, 11, 30)), np.array([0.07, 0.0725, 0.08]))
    assert assumed_rates(tape.loans, tape.mapping, AS_OF, prime).to_list() == [pytest.approx(0.0725 + 0.0225)]
    assert assumed_rates(tape.loans, tape.mapping, AS_OF).to_list() == [0.09]
    with pytest.raises(UsageError, match="index history that covers the as-of month"):
        assumed_rates(tape.loans, tape.mapping, dt.date(2006, 3, 31), prime)


@pytest.mark.data
def test_a_snapshot_is_of_its_date(data: Path) -> None:
    tape = read_tape(data / "lending_snapshot" / "loans_full_schema.csv", "lending-snapshot")
    for wrong in (dt.date(2018, 6, 29), dt.date(2018, 12, 31)):
        with pytest.raises(UsageError, match="2018-06-30, the last report"):
            book_at(tape.loans, None, tape.mapping, wrong)


def test_reports_that_stop_are_not_carried_on() -> None:
    mapping = load_mapping("cmbs")
    days = [dt.date(2020, month, 28) for month in range(1, 7)]
    panel = conform(
        pl.DataFrame(
            {
                "loan_id": ["a"] * 6 + ["b"] * 3,
                "report_date": days + days[:3],
                "state": ["current"] * 9,
                "principal": [9.0] * 9,
            }
        ),
        PANEL,
    )
    loans = table(
        loan_id=["a", "b", "c"], origination_date=[dt.date(2019, 5, 1)] * 3, originated_amount=[9.0] * 3
    )
    book = book_at(loans, panel, mapping, dt.date(2020, 6, 30))
    # b is no longer reported; c was never reported
    assert book.counts == {"on_book": 1, "not_yet_on_book": 1, "closed_before_as_of": 1, "undated": 0}
    with pytest.raises(UsageError, match="the last report"):
        book_at(loans, panel, mapping, dt.date(2021, 6, 30))


def test_links_follow_their_loans_and_their_dates() -> None:
    collateral = pl.DataFrame(
        {
            "loan_id": ["0", "0", "1"],
            "collateral_id": ["a", "b", "c"],
            "value": [1.0, 2.0, 3.0],
            "valuation_date": [AS_OF, AS_OF + dt.timedelta(days=1), AS_OF],
        }
    )
    loans = table(
        origination_date=[dt.date(2004, 5, 1), dt.date(2006, 5, 1)],
        originated_amount=[9.0, 9.0],
        term_months=[60, 60],
    )
    book = book_at(
        loans,
        None,
        load_mapping("lending-club"),
        AS_OF,
        links={"collateral": conform(collateral, COLLATERAL)},
    )
    assert book.collateral.select("collateral_id", "value").rows() == [("a", 1.0), ("b", None)]
    assert book.parties.height == 0


DEFAULTED = """
name = "own"
currency = "EUR"
observes = ["defaults", "charge_offs", "prepayment"]
[columns.loan_id]
source = "No"
[columns.product]
constant = "instalment"
[columns.term_months]
source = "Term"
[columns.originated_amount]
source = "Amount"
[columns.annual_rate]
source = "Rate"
[columns.origination_date]
source = "Start"
formats = ["%Y-%m-%d"]
[columns.default_date]
source = "Default"
formats = ["%Y-%m-%d"]
"""


def outcomes(folder: Path, *rows: str) -> Tape:
    (folder / "own.toml").write_text(DEFAULTED, encoding="utf-8")
    text = "\n".join(["No,Term,Amount,Rate,Start,Default", *rows])
    (folder / "tape.csv").write_text(text + "\n", encoding="utf-8")
    return read_tape(folder / "tape.csv", folder / "own.toml")


def test_a_loan_past_its_default_date_is_in_default(tmp_path: Path) -> None:
    defaults = (
        "",
        "2006-01-15",
        "2005-12-01",
        "2005-09-30",
        "2005-06-30",
        "2005-03-31",
        "2004-12-31",
        "2005-01-31",
    )
    tape = outcomes(
        tmp_path, *(f"{number},60,1000,0.05,2004-03-31,{day}" for number, day in enumerate(defaults))
    )
    book = book_at(tape.loans, None, tape.mapping, dt.date(2005, 12, 31))
    states = [
        "current",
        "current",
        "default_0_3",
        "default_3_6",
        "default_6_9",
        "default_9_12",
        "default_12_plus",
        "default_9_12",
    ]
    assert book.loans["state"].to_list() == states


def test_a_date_the_tape_knows_nothing_of_is_said_or_refused(tmp_path: Path) -> None:
    tape = outcomes(tmp_path, "1,60,1000,0.05,2004-03-31,")
    assert "facts" not in book_at(tape.loans, None, tape.mapping, dt.date(2004, 6, 29)).assumed
    assert (
        "2004-03-31, 91 days before"
        in book_at(tape.loans, None, tape.mapping, dt.date(2004, 6, 30)).assumed["facts"]
    )
    with pytest.raises(
        UsageError, match=r"field as_of: expected .* last dated fact, 2004-03-31, was 2009-04-01"
    ):
        book_at(tape.loans, None, tape.mapping, dt.date(2009, 4, 1))


def test_no_interest_is_owed_at_a_rate_below_zero(tmp_path: Path) -> None:
    tape = outcomes(tmp_path, "1,60,1000,-0.005,2004-03-20,")
    book = book_at(tape.loans, None, tape.mapping, dt.date(2004, 6, 30))
    assert book.loans["accrued_interest"].to_list() == [0.0]


def test_lines_without_a_term_are_renewed_at_every_date() -> None:
    document = {
        "name": "own",
        "currency": "USD",
        "kind": "panel",
        "observes": ["balance", "delinquency"],
        "columns": {"loan_id": "a", "origination_date": {"source": "b", "formats": ["%Y-%m-%d"]}},
        "panel": {
            "report_date": {"source": "c", "formats": ["%Y-%m-%d"]},
            "principal": {"source": "d", "unit": "money"},
            "state": {"source": "e", "values": {"0": "current"}},
        },
    }
    # Opened 2015-03-31: 122 months before 2025-05-31. A term counted from there would have passed.
    loans = table(
        loan_id=["line", "stated", "loan"],
        origination_date=[dt.date(2015, 3, 31), dt.date(2024, 5, 31), dt.date(2015, 3, 31)],
        product=["revolving", "revolving", "instalment"],
        term_months=[None, 36, None],
        weight=[1.0, 1.0, 1.0],
    )
    days = [dt.date(2025, 4, 30), dt.date(2025, 5, 31)]
    panel = pl.DataFrame(
        {
            "loan_id": [name for name in loans["loan_id"] for _ in days],
            "report_date": days * 3,
            "principal": [100.0] * 6,
            "state": ["current"] * 6,
        }
    ).pipe(conform, PANEL)
    left = {}
    for day in days:
        book = book_at(loans, panel, from_dict(document), day)
        left[day] = book.loans["term_months"].to_list()
    assert left == {days[0]: [121 + 60, 36, None], days[1]: [122 + 60, 36, None]}
    assert book.loans["maturity_date"][0] == dt.date(2030, 5, 31)
    assert "assumed: revolving_term_months" in book.assumed["term_months"]
    other = from_dict(override(document, {"revolving_term_months": 24}, "own.toml"))
    said = book_at(loans, panel, other, days[1])
    assert said.loans["term_months"].to_list() == [122 + 24, 36, None]
    assert "stated: revolving_term_months" in said.assumed["term_months"]
    none = from_dict(override(document, {"revolving_term_months": 0}, "own.toml"))
    with pytest.raises(MappingError, match="at least 1 month"):
        book_at(loans, panel, none, days[1])
