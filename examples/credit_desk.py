"""Make the papers of a credit desk: loans and their ends, the declined, new applications, a log of offers.

Writes the folder `desk`. All of it is made up: loans are drawn from the truth of `loantwin synthetic`, what a
price does from the figures below, which a fit should find again.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl

from loantwin import months
from loantwin.synthesis.generate import SyntheticBook, generate

TAKE_UP, PER_POINT = 0.32, -0.015
"""Share of offers taken up at 12 % a year, and what one point more does to it."""
SIZE_PER_POINT, ARREARS_PER_POINT = -150.0, 12.0
"""What one point more does to a loan's size and to the arrears of a borrower, money."""
FIRST_NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gil", "Hana", "Ivo", "Jun")
LAST_NAMES = ("Abel", "Birch", "Cole", "Dorn", "Ebert", "Frost", "Gale", "Holm")
LOANS = """\
name = "credit-desk"
words = "Made-up personal loans, one row a loan with its end."
currency = "USD"
kind = "outcomes"
observes = ["defaults", "charge_offs", "prepayment", "recoveries"]
segment_by = ["product", "origination_grade"]

[columns]
"""
OFFERS = """\
format = 1
name = "offers by mail"
currency = "USD"
rate_unit = "percent a year"
within = ["grade"]
randomised = true
covariates = ["income", "late_before"]

[columns]
offered_rate = "rate"
taken_up = "taken"
amount = "lent"
arrears = "arrears"
term_months = "months"

[economics]  # assumed
funding_annual_rate = 0.04
arrears_lost = 0.6
cost_per_loan = 60.0
cost_per_offer = 1.0
"""
WORDING = """\
[lender]
name = "Riverside Savings"
address = "1 Mill Lane, Springfield"
contact = "Lending desk, 555-0100"

[reasons]
"Credit/credit-5" = "obligations-excessive"
"Credit/credit-6" = "obligations-excessive"
"Credit/credit-7" = "obligations-excessive"
"""
COLUMNS = (
    "loan_id", "product", "purpose", "region", "origination_grade", "score", "approval_date",
    "origination_date", "term_months", "originated_amount", "annual_rate", "default_date", "charge_off_date",
    "charged_off", "recovered", "principal_paid", "interest_paid", "closed_date",
)  # fmt: skip


def people(loans: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    """Return loans with the income and the debts of who asked for them."""
    income = np.round(random.lognormal(10.75, 0.35, len(loans)), -2)
    debt = np.round(income / 12 * random.beta(2.2, 7.0, len(loans)), 0)
    return loans.with_columns(pl.Series("annual_income", income), pl.Series("monthly_debt", debt))


def applications(loans: pl.DataFrame, day: str | None) -> pl.DataFrame:
    """Return loans as the applications they were; day : None takes the loans' own."""
    asked = loans.select(
        pl.col("loan_id").str.replace("L", "A").alias("application_id"),
        (pl.col("approval_date").cast(pl.String) if day is None else pl.lit(day)).alias("application_date"),
        (pl.col("originated_amount") / 100).round().mul(100).alias("amount"),
        "term_months", pl.col("annual_rate").round(4), "product", "region",
        pl.col("origination_grade").alias("grade"), pl.col("score").cast(pl.Int64), "annual_income",
        "monthly_debt",
    )  # fmt: skip
    return asked.filter(pl.col("amount") > 0)


def offer_log(count: int, random: np.random.Generator) -> pl.DataFrame:
    """Return offers whose rate was drawn within each grade, answered as the truth above has it."""
    grade = random.choice(np.array(["A", "B", "C"]), count, p=[0.3, 0.4, 0.3])
    centre = np.select([grade == "A", grade == "B"], [9.0, 12.0], 15.0)
    rate = np.round(centre + random.uniform(-4.0, 4.0, count), 2)
    late_before = random.binomial(1, 0.2, count)
    taken = random.random(count) < TAKE_UP + PER_POINT * (rate - 12.0) + 0.05 * late_before
    lent = np.round(12_000 + SIZE_PER_POINT * (rate - 12.0) + random.normal(0, 2_500, count), -2)
    arrears = np.maximum(0.0, 150 + ARREARS_PER_POINT * (rate - 12.0) + random.exponential(120, count))
    return pl.DataFrame(
        {
            "offer": [f"O-{number:06d}" for number in range(1, count + 1)],
            "grade": grade, "income": np.round(random.lognormal(10.75, 0.35, count), -2),
            "late_before": late_before, "rate": rate, "taken": taken.astype(int),
            "lent": np.where(taken, lent, 0.0), "arrears": np.where(taken, np.round(arrears, 2), 0.0),
            "months": np.where(taken, 36, 0),
        }
    )  # fmt: skip


def write_jsonl(frame: pl.DataFrame, path: Path, random: np.random.Generator) -> None:
    """Write applications with a name each; one in twenty leaves the debts out, one in ten asks twice."""
    number = random.integers(0, len(FIRST_NAMES) * len(LAST_NAMES), len(frame))
    silent, again = random.random(len(frame)) < 0.05, random.random(len(frame)) < 0.1
    lines, borrower = [], ""
    for place, row in enumerate(frame.iter_rows(named=True)):
        borrower = borrower if again[place] and borrower else row["application_id"].replace("A", "B")
        name = f"{FIRST_NAMES[number[place] % 10]} {LAST_NAMES[number[place] // 10]}"
        row |= {"attributes": {"borrower_id": borrower}, "personal": {"name": name}}
        row.pop("monthly_debt") if silent[place] else None
        lines.append(json.dumps(row))
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")


def economy(book: SyntheticBook) -> pl.DataFrame:
    """Return the months of a book's economy as `fit --macro` reads them."""
    made = book.macro
    dates = [months.label(made.first + place) for place in range(len(made.values))]
    columns = {name: made.values[:, place].round(8) for place, name in enumerate(made.factors)}
    return pl.DataFrame({"scenario": [made.name] * len(dates), "date": dates, **columns})


def main() -> None:
    """Write the folder."""
    random, desk = np.random.default_rng(13), Path("desk")
    desk.mkdir(exist_ok=True)
    book = generate(loans=20_000, months=48, seed=7)
    economy(book).write_csv(desk / "macro.csv")
    past = people(book.loans, random)
    past = past.filter(pl.col("product") == "instalment")
    declined = past.filter(pl.col("score") < 620)
    lent = past.filter(pl.col("score") >= 620)
    columns = [*COLUMNS, "annual_income", "monthly_debt"]
    lent.select(columns).write_csv(desk / "loans.csv")
    day = ', formats = ["%Y-%m-%d"]'
    entries = [f'{name} = {{ source = "{name}"{day if name.endswith("_date") else ""} }}' for name in COLUMNS]
    own = [f'\n[attributes.{name}]\nsource = "{name}"' for name in ("annual_income", "monthly_debt")]
    (desk / "loans.toml").write_text(LOANS + "\n".join([*entries, *own, ""]), encoding="utf-8")
    applications(declined, None).write_csv(desk / "declined.csv")
    new = people(generate(loans=800, months=48, seed=8).loans, random)
    new = applications(new.filter(pl.col("product") == "instalment"), "2026-11-23")
    write_jsonl(new, desk / "applications.jsonl", random)
    offers = offer_log(12_000, random)
    offers.write_csv(desk / "offers.csv")
    (desk / "offers.toml").write_text(OFFERS, encoding="utf-8")
    (desk / "wording.toml").write_text(WORDING, encoding="utf-8")
    print(
        f"desk: {len(lent):,} loans, {len(declined):,} declined then, {len(new):,} new applications, "
        f"{len(offers):,} offers, {int(offers['taken'].sum()):,} taken up"
    )


if __name__ == "__main__":
    main()
