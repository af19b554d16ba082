"""Every command and every option, on twins of four kinds: each gives a result or refuses with one message.

The four: the demo's own twin, the tour's, a snapshot that reads another's model, a book in which nothing ever
happened. Lines that the pages state are walked as they stand there, with smaller sizes; `MORE` holds what no
page states. A command or option that nothing walks turns a test red, and so does a line that all four refuse
unless `REFUSED` says with which words.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import re
import shutil
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import polars as pl
import pytest
import typer

import loantwin as lt
from loantwin.decisions.offers.fitted import Levers, write_levers
from loantwin.interfaces.cli.main import app, run
from loantwin.interfaces.cli.tables import render
from loantwin.interfaces.demo import demo
from loantwin.months import end_of, parse_label
from loantwin.types import Result

from .tables import TABLES, held_to_width

pytestmark = pytest.mark.usefixtures("few_paths")
ROOT = Path(__file__).resolve().parents[2]
TOUR = ROOT / "docs" / "decisions-tour.md"
"""Its lines follow each other on papers of their own: `tests/verbs/test_decisions_tour.py` runs them all."""
PAGES = sorted({ROOT / "README.md", *(ROOT / "docs").glob("*.md")} - {TOUR})
KINDS = ("demo", "tour", "snapshot", "quiet")
OF_TWINS = (
    "home", "other", "copy", "tape", "mapping", "macro", "base", "loan", "as_of", "new", "registered",
    "trial",
    "decision", "became", "scored", "asked", "told", "columns", "rows", "before", "fresh", "trained",
)  # fmt: skip
"""Words of a line that stand for something else in each kind of twin."""
HOMES = ("twin", "DIR", "sba", "sba-2005", "club", "made", "balanced", "current", "trust", "slow", "mine")
"""Words that stand for a twin's home on the pages."""
AMOUNTS = (
    "Limit",
    "Paid out",
    "Balance",
    "Principal paid",
    "Extra paid",
    "Interest paid",
    "Written off",
    "Recovered",
    "Undrawn",
)
"""Columns of the tape that hold money, and by how much those of the tour's twin are larger."""
ENLARGED = 100_000
SMALLER = {
    "fairness-search": {"--folds": "2", "--models": "logistic"},
    "fairness": {"--outcome": "decision", "--favourable": "yes"},
    "score cutoff": {"--paths": "16"},
    "score train": {"--folds": "1x2", "--models": "logistic,scorecard"},
    "price": {"--paths": "8"},
    "loss": {"--paths": "2000", "--confidence": "0.9"},
    "forecast": {"--months": "6", "--paths": "16"},
    "stress": {"--months": "12"},
    "backtest": {"--paths": "32"},
    "components": {"--months": "12"},
    "ratings": {"--resamples": "40"},
    "concentration": {"--resamples": "20"},
    "validate": {"--origins": "0", "--thins": "2"},
    "process simulate": {"--replications": "2", "--days": "5", "--warm-up-days": "1"},
}
"""By command, options that make it quick; those that a line states itself are replaced."""
FILES = {
    "overlays.toml": "provisions.md",
    "funds.toml": "capital.md",
    "slump.toml": "stress.md",
    "terms.toml": "schedule.md",
    "months.toml": "score-behaviour.md",
    "facts.jsonl": "account-replay.md",
    "rule.toml": "levers-fit.md",
    "process.toml": "process-check.md",
}
"""Files that a page shows whole, and the page."""

MORE = """
score train {cases} --target status --good paid --groups purpose --train-on-groups --out {grouped}
fairness {decided} --group black,white --unfavourable no --levels natural --figures approval-ratio --month day
fairness {decided} --group black,white --reference white --bad end=bad --score pd --bands 3 --least 10
fairness {decided} --group black,white --scores nowhere
fairness {decided} --group black,white --given income
fairness-search {decided} --target end --good paid --group black,white --compare black --out {out}
fairness-search {decided} --target end --good paid --group black,white --reference white --keep income
fairness-search {decided} --target end --good paid --group black,white --approve 0.6 --train-on-groups
fairness-search {decided} --target end --good paid --group black,white --exclude pd --seed 1
model register {home} {trained} --model scorecard --as {fresh} --by ben --expires 2047-12-31
model register {home} {trained}
model show {home} transition/1
model approve {home} transition/1 --role model-approver --by eva --refuse --words drifted
model approve {home} applications/1 --role viewer --by eva
model approve {home} applications/1 --role model-approver --by ana
model place {home} transition/1 --as champion
score cutoff {scored} --applications {asked} --scores {told}#logistic --paths 16 --seed 3
fit {home} --macro {macro} --score {told}#logistic
score behaviour {cards} --columns {months} --worth logistic --folds 1x2 --seed 3 --out {behaviour}
survival train {loans} --start begun --months lived --event status=late --as-of 2019-12-31 --out {ending}
survival train {loans} --start begun --event-date ended --as-of 2019-12-31 --keep income --seed 3 --out {all}
survival train {loans} --start begun --event-date ended --as-of 2019-12-31 --cox --exclude kind --out {left}
survival train {loans} --start begun --event-date ended --as-of 2019-12-31 --since 2016-06-01 --out {late}
survival train {loans} --start begun --event-date ended --as-of 2019-12-31 --until 2021-06-30 --out {early}
survival train {spans} --start begun --loan loan --month month --event late>0 --as-of 2018-12-31 --out {rest}
score train {cases} --target status --good paid --keep age --seed 3 --segments age --out {kept}
score predict {judged} {cases} --model logistic --id age --reasons --out {predicted}
score explain {judged} {cases} --row 7 --model scorecard --cut 0.05 --reasons {reasons}
score card {judged} --data {cases} --purpose instalments --home {home} --out {out}
schedule --amount 1200 --annual-rate 0.12 --payments 6 --every 1m --start 2026-01-31 --currency EUR
schedule --amount 1200 --annual-rate 0.12 --payments 6 --start 2026-01-31 --first 2026-02-28
schedule --amount 1200 --annual-rate 0.12 --payments 6 --day-count actual/365 --rounding down
schedule --amount 1200 --annual-rate 0.12 --payments 6 --interest-period daily
schedule --amount 1200 --annual-rate 0.12 --payments 6 --method flat --amortisation equal-principal
schedule --amount 1200 --annual-rate 0.12 --payments 6 --amortisation balloon --balloon 600
schedule --amount 1200 --annual-rate 0.12 --instalment 300
schema terms
process check collections
collections fit {log} --format {treatments} --seed 3
collections plan {today} --format {treatments} --uplift {uplift} --acts collector --chooser average
process run {home} {process}
process simulate {process} --staff clerk=2 --seed 3
review list {home} --assignee eva
review assign {home} A-9 --to eva --by max
review decide {home} A-1 --outcome approve --reason seen --by eva
review decide {home} A-1 --outcome approve --reason seen --by ben
fit {home} --macro {macro} --model age-period-cohort
fit {home} --macro {macro} --model-from {other}
fit {home} --macro {macro} --learn-from {other}
fit {home} --prior personal
fit {home} --macro {macro} --combine
fit {home} --update
fit {home} --macro us --prior small-business
policy check {policy} --schema {application}
policy check {policy} --strict --profile us
policy test {policy} --strict
policy diff {policy} {policy_next} --applications {applications} --most 1
policy simulate {credit} --tape {tape} --format {mapping} --declined {applications} --by score
policy simulate {credit} --tape {tape} --format {mapping} --against {credit_in_force} --worse 2
policy simulate {credit} --tape {tape} --format {mapping} --way ignore --profile eu
policy simulate {credit} --tape {tape} --format {mapping} --as-of {before} --from 2021-01-01 --to 2023-12-31
policy simulate {credit} --tape {tape} --format {mapping} --model {told}#logistic --twin {home}
policy simulate {credit} --tape {tape} --format {mapping} --assume discount=0.1
levers fit --offers {offers} --format {offer_columns} --within risk --rule cut=0.5 --band 1
decide {applications} --policy {policy} --on 2026-08-03 --out {decisions}
decide {applications} --policy {policy} --model {told}#logistic --twin {home}
decide {applications} --policy {policy} --twin {registered} --challenger {policy_next} --share 0.5 --record
decide {applications} --policy {policy} --twin {registered} --shadow {policy_next} --record
decide {applications} --policy {policy} --letters {new} --reasons {wording}
decide {applications} --policy {policy} --in-order --profile us
price {applications_to_price} --twin {home} --offers {offer_grid} --profile eu --paths 8
evidence {home} no-such-decision
decision list {home} --application A-1 --since 2020-01-31
decision list {home} --loans {became}
decision compare {home} --power 0.9 --loans {became}
decision stop {home} applications/1 --by eva
price {applications_to_price} --twin {home} --paths 8 --seed 3 --out {prices} --levers {kept_levers}
price {applications_to_price} --twin {home} --offers {offer_grid} --policy {offer_policy} --on 2026-08-03
price {applications_to_price} --twin {home} --model {told}#logistic
schema grid
priors card
tape map {tape}
curves {home} --kind vintages --by quarter --event default --out {out}
curves {home} --kind roll-rates --by month
components {home} --months 12
components {home} --rule period
components {home} --scenario {base} --align start --history {macro} --out {out}
forecast {home} --months 6 --paths 16 --seed 5
forecast {home} --months 6 --paths 16 --policy neutral
forecast {home} --months 6 --paths 16 --scenario {base} --align start --history {macro}
simulate {home} --out {histories} --months 6 --seed 5
simulate {home} --out {histories} --months 6 --paths 2 --period drawn
simulate {home} --out {histories} --months 6 --paths 2 --scenario {base} --align start --history {macro}
provisions {home} --standard five-level
provisions {home} --standard ifrs9 --scenario {base}=0.6 --scenario {severe}=0.4 --align start
provisions {home} --standard ifrs9 --scenario {base} --align start --history {macro}
provisions {home} --standard cecl --overlays {pools} --supported-months 12
movement {home} --from {before} --to {as_of} --same-model --opening-overlays {overlays} --overlays {overlays}
movement {home} --from {before} --scenario {base} --opening-scenario {base} --align start --history {macro}
journal {home} --from {before} --to {as_of} --same-model --opening-overlays {overlays} --overlays {overlays}
journal {home} --from {before} --scenario {base} --opening-scenario {base} --align start --history {macro}
provisions {home} --standard ifrs9 --out {rows}
provisions explain {home} {loan} --standard cecl --scenario {base} --align start --history {macro}
provisions explain {home} {loan} --standard cecl --supported-months 12 --out {workbook}
provisions explain {home} {loan} --standard five-level
loss {home} --model twin --months 6 --confidence 0.95 --paths 512 --seed 3 --out {out}
loss {home} --model gaussian --sectors product --correlation latent --paths 2000 --confidence 0.99
loss {home} --model gaussian --correlation-floor 0.12 --paths 2000 --confidence 0.99
loss {home} --model gaussian --factor-correlation 0.3 --repair --paths 2000 --confidence 0.99
loss {home} --model migration --paths 2000 --confidence 0.99
capital {home} --approach foundation-irb --pd point-in-time --assume ltv=0.7 --any-date
capital {home} --options china --any-date
concentration {home} --confidence 0.99 --resamples 20
stress {home} --scenario {base} --scenario {severe} --align start --severity 0.5 --supported-months 12
stress {home} --scenario {base} --align start --sensitivity unemployment_rate=1 --sensitivity-shape 6/0/12
stress {home} --scenario {base} --align start --history {macro}
stress {home} --scenario {base} --scenario {severe} --align start --income-support 0.5 --belief multiple_cap=3
stress {home} --scenario {base} --scenario {severe} --align start --model age-period-cohort --months 12
stress {home} --replay 2020 --seed 3
stress {home} --shock {slump} --capital {capital}
sensitivity {home} --supported-months 12
sensitivity {home} --scenario {base} --align start --history {macro}
report {home} --scenario {base} --align start --history {macro} --out {out}
backtest {home} --origin {before} --horizons 3,6 --paths 32 --seed 3 --out {out}
loan {home} {loan} --known {before}
loan {home} no-such-loan
capital explain {home} {loan} --any-date
log verify {home} --json
config show {home}
twin create {new} --tape {tape} --format {mapping} --as-of {as_of}
tape check {tape} --format {mapping} --quarantine {out} --assume discount=0.1
twin create {new} --tape {tape} --format {mapping} --as-of {as_of} --assume discount=0.1
backtest-rates {rates} --macro {macro} --from 2015-12-31 --to 2020-12-31
ratings {ratings} --estimate cohort --resamples 40 --seed 3
ratings {years} --period year --resamples 40
ratings {unnamed} --states A,B,D,NR --generator weighted
"""


@dataclass(frozen=True)
class Twin:
    """A fitted home with what the lines that are walked on it need."""

    home: Path
    lender: Path
    tape: Path
    mapping: Path
    as_of: date


def snapshot_mapping(text: str) -> str:
    """Return the mapping of a panel as that of its last month alone."""
    made = text.replace('kind = "panel"', 'kind = "snapshot"')
    made = made.replace("[panel.report_date]", "[columns.state_date]").replace("[panel.", "[columns.")
    sections = re.sub(r'take = "\w+"\n', "", made).split("\n\n")
    flows = ("scheduled_principal", "prepaid", "interest")
    kept: dict[str, str] = {}
    for section in sections:
        name = section.partition("\n")[0]
        if name not in [f"[columns.{flow}]" for flow in flows]:
            kept.setdefault(name, section)
    return "\n\n".join(kept.values())


def enlarged(tape: pl.DataFrame) -> pl.DataFrame:
    """Return a tape whose amounts have nine digits and more."""
    amounts = [
        (pl.col(name).str.replace_all(",", "").cast(pl.Float64) * ENLARGED).round(0).cast(pl.Int64)
        for name in AMOUNTS
    ]
    return tape.with_columns(amount.cast(pl.String) for amount in amounts)


def fitted(
    folder: Path, lender: Path, tape: Path, mapping: Path, as_of: date, model: Path | None = None
) -> Twin:
    """Return a twin made of a tape, with its own model or that of another home."""
    lt.twin_create(folder / "twin", tape, str(mapping), as_of)
    lt.fit(folder / "twin", [lender / "macro.csv"], model_from=model)
    return Twin(folder / "twin", lender, tape, mapping, as_of)


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Twin]:
    """Return the four twins by kind."""
    root = tmp_path_factory.mktemp("walk")
    made = demo(root / "demo", loans=600)
    lender = root / "demo" / "lender"
    shown = Twin(
        root / "demo" / "twin",
        lender,
        lender / "tape.csv",
        lender / "mapping.toml",
        date.fromisoformat(made.as_of),
    )

    lender, as_of = root / "lender", date(2022, 12, 31)
    lt.synthetic(lender, loans=1500, months=48, seed=7, as_tape="mapping")
    mapping = lender / "mapping.toml"
    tape = pl.read_csv(lender / "tape.csv", separator=";", infer_schema=False)
    (root / "tour").mkdir()
    enlarged(tape).write_csv(root / "tour" / "tape.csv", separator=";")
    large = root / "tour" / "mapping.toml"
    large.write_text(mapping.read_text(encoding="utf-8").replace('"USD"', '"CNY"'), encoding="utf-8")
    tour = fitted(root / "tour", lender, root / "tour" / "tape.csv", large, as_of)

    late = tape.filter(~pl.col("Status").is_in(["00", "EP", "MA"]))["Contract No"].unique().implode()
    for name, rows in (
        ("quiet", tape.filter(~pl.col("Contract No").is_in(late))),
        ("snapshot", tape.filter(pl.col("Month end") == f"{as_of:%d.%m.%Y}")),
    ):
        (root / name).mkdir()
        rows.write_csv(root / name / "tape.csv", separator=";")
    text = mapping.read_text(encoding="utf-8")
    few = root / "quiet" / "mapping.toml"
    few.write_text(text.replace('["product", "origination_grade"]', '["product"]'), encoding="utf-8")
    quiet = fitted(root / "quiet", lender, root / "quiet" / "tape.csv", few, as_of)
    own = root / "snapshot" / "mapping.toml"
    own.write_text(snapshot_mapping(text), encoding="utf-8")
    snapshot = fitted(root / "snapshot", lender, root / "snapshot" / "tape.csv", own, as_of, tour.home)
    return {"demo": shown, "tour": tour, "snapshot": snapshot, "quiet": quiet}


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], set[str]]]:
    """Yield every command of the program by its words, with its options."""
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from leaves(inner, (*path, name))
    else:
        yield path, {opts for item in command.params for opts in item.opts if opts.startswith("--")}


LEAVES = dict(leaves(typer.main.get_command(app)))
ALONE = {("demo",), ("synthetic",)}
"""Commands without a twin or a file to read: the twins here are made by them."""
REPLACED = (
    (r"\S*/?offers\.csv\S* --format examples/offers\.toml", "{offers} --format {offer_columns}"),
    (r"\blevers\.json", "{levers}"),
    (r"LOG\.csv --format examples/collections\.toml", "{log} --format {treatments}"),
    (r"CASES\.csv --format examples/collections\.toml", "{today} --format {treatments}"),
    (r"CONTACTS\.csv --on 2024-03-04 --table plan\.csv", "{contacts} --on 2024-03-04 --table {plan}"),
    (r"uplift\.json", "{uplift}"),
    (r"owed\.csv", "{owed}"),
    (r'"income proven by tax return"', "proven"),
    (r"examples/(\w+)\.(?:jsonl?|toml|csv)", r"{\1}"),
    (r"\$DATA/\S*Supervisory_Baseline\S*", "{base}"),
    (r"\$DATA/\S*Supervisory_Severely\S*", "{severe}"),
    (r"--macro \$DATA/\S*UNRATE\S*", ""),
    (r"\$DATA/\S*1A_Historic\S*|lender/macro\.csv", "{macro}"),
    (r"lender/scenarios\.csv#Baseline", "{base}"),
    (r"lender/scenarios\.csv#Severe", "{severe}"),
    (r"lender/tape\.csv|\$DATA/(?:\S*/)?(?:sba|accepted|loan)\S*", "{tape}"),
    (r"(?:\$DATA/fred/\S*\s+)+", "{rates} "),
    (r"--out mine\.toml", "--out {draft}"),
    (r"lender/mapping\.toml|(?<=--format )[a-z]\S*", "{mapping}"),
    (r"mine\.csv", "{tape}"),
    (r"(?<=--macro )history\.csv", "{macro}"),
    (r"CASES\.csv", "{cases}"),
    (r"DECIDED\.csv", "{decided}"),
    (r"COLUMNS\.csv", "{columns}"),
    (r"APPLICATIONS\.csv", "{asked}"),
    (r"(?<=--score )SCORES", "{told}"),
    (r"score cutoff twin", "score cutoff {scored}"),
    (r"LOANS\.csv", "{loans}"),
    (r"CARDS\.csv", "{cards}"),
    (r"--out behaviour\.parquet", "--out {behaviour}"),
    (r"--out (hazards)-2", r"--out {hazards_again}"),
    (r"--out (hazards)$", r"--out {hazards}"),
    (r"--at 2021-12-31", "--at {before}"),
    (r"score predict scores NEW\.csv", "score predict {judged} {cases}"),
    (r"score (explain|card) scores", r"score \1 {judged}"),
    (r"--out (scores|later)", r"--out {\1}"),
    (r"(?<=model register DIR )scores", "{trained}"),
    (r"MATRIX\.csv(?= --rest)", "{short}"),
    (r"MATRIX\.csv", "{matrix}"),
    (r"HISTORY\.csv", "{ratings}"),
    (r"bank/accounts/\w+\.jsonl", "facts.jsonl"),
    (r"L000000001", "{loan}"),
    (r"evidence DIR \w+", "evidence DIR {decision}"),
    (r"\S+\.html|bad\.csv", "{out}"),
    (r"^(score predict .*--out )\w+\.parquet", r"\1{predicted}"),
    (r"(?<=--out )\w+\.parquet", "{histories}"),
    (r"(?<=--out )\w+\.xlsx", "{workbook}"),
    (r"--table \w+", "--table {table}"),
    (r"(\w+)\.(?:toml|jsonl)", r"{\1}"),
    (r"--reverse loss=5%", "--reverse loss=1.8%"),
    (r"--reverse cet1=7%", "--reverse cet1=8.5%"),
    (r"--model-from club", "--model-from {other}"),
    (r"--learn-from OTHER", "--learn-from {other}"),
    (r"^(survival .*--as-of) ", r"\1  "),  # two blanks: its loans have a day of their own
    (r"--as-of \S+", "--as-of {as_of}"),
    (r"--assume \S+", ""),
)
"""What the pages write, and what the walk takes instead."""


def on_the_pages() -> Iterator[str]:
    """Yield the lines that the pages state, with what they are walked on named in braces."""
    for page in PAGES:
        for line in re.findall(r"^(?:\$ )?loantwin (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE):
            if line.split()[0] not in {path[0] for path in LEAVES} - {"demo", "synthetic"}:
                continue
            for words, instead in REPLACED:
                line = re.sub(words, instead, line)
            home = "{new}" if line.startswith("twin create") else "{home}"
            words = [home if word in HOMES and spot else word for spot, word in enumerate(line.split())]
            yield smaller(" ".join(words))


def smaller(line: str) -> str:
    """Return a line with sizes that are quick to run."""
    words = line.split()
    for option, value in SMALLER.get(" ".join(words[:2]), SMALLER.get(words[0], {})).items():
        line = re.sub(rf" {option} \S+", "", line) + f" {option} {value}"
    return line


LINES = sorted({*on_the_pages(), *map(smaller, MORE.split("\n")[1:-1])})


@pytest.fixture(scope="module")
def places(twins: dict[str, Twin], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """Return by kind what stands in a line's braces."""
    made: dict[str, dict[str, object]] = {}
    for kind, twin in twins.items():
        folder = tmp_path_factory.mktemp(kind)
        write_files(folder, "instalment" if kind == "quiet" else "instalment|A")
        if kind == "tour":
            (folder / "capital.toml").write_text(
                "cet1 = 300000000000\nrisk_weight = 0.75\n", encoding="utf-8"
            )
        (folder / "copy").mkdir()
        (folder / "draft").mkdir()
        shutil.copytree(twin.home, folder / "copy" / "twin")
        decided = write_register(twin.home, folder)
        before = end_of(parse_label(f"{twin.as_of:%Y-%m}") - 12)
        tape = pl.read_csv(twin.tape, separator=";", infer_schema=False)
        seen = [
            tape.filter(pl.col("Month end") == f"{day:%d.%m.%Y}").select("Contract No")
            for day in (before, twin.as_of)
        ]
        made[kind] = {
            "home": twin.home,
            "copy": folder / "copy" / "twin",
            "other": twins["tour"].home,
            "new": folder / "new",
            "base": f"{twin.lender / 'scenarios.csv'}#Baseline",
            "severe": f"{twin.lender / 'scenarios.csv'}#Severe",
            "macro": twin.lender / "macro.csv",
            "tape": twin.tape,
            "mapping": twin.mapping,
            "as_of": twin.as_of,
            "before": before,
            "loan": (seen[1] if kind == "snapshot" else seen[1].join(seen[0], on="Contract No"))[
                "Contract No"
            ][0],
            "out": folder / "out.html",
            "rows": folder / "rows.parquet",
            "workbook": folder / "loan.xlsx",
            "histories": folder / "histories.parquet",
            "predicted": folder / "predicted.parquet",
            "levers": folder / "levers.json",
            "decisions": folder / "decisions.jsonl",
            "prices": folder / "prices.parquet",
            "kept_levers": folder / "kept_levers.json",
            "table": folder / "table",
            "plan": folder / "plan.csv",
            "scores": folder / "scores",
            "later": folder / "later",
            "kept": folder / "kept",
            "grouped": folder / "grouped",
            "trained": folder / "trained",
            "registered": folder / "registered" / "twin",
            **decided,
            "trial": folder / "trial",
            "fresh": "others",
            "hazards": folder / "hazards",
            "hazards_again": folder / "hazards-2",
            **{name: folder / name for name in ("ending", "all", "late", "early")},
            "left": folder / "left",
            "rest": folder / "rest",
            "behaviour": folder / "behaviour.parquet",
            "judged": folder / "judged",
            "draft": folder / "draft" / "mine.toml",
            **scored(folder, twin, kind),
            **{file.stem: file for file in folder.glob("*.*")},
        }
    return made


def scored(folder: Path, twin: Twin, kind: str) -> dict[str, object]:
    """Return a score that tells nothing, columns by loan number, applications, and a home with it.

    A book at one date cannot be: its own home stands there.
    """
    with lt.open(twin.home) as own:
        known, running = own.known_loans, own.book.loans
    reads = ["score", "term_months"]
    end = pl.Series("end", ["bad" if row * 29 % 100 < 20 else "good" for row in range(known.height)])
    known.select(*reads, end).write_csv(folder / "ends.csv")
    known.select("loan_id", *reads).write_csv(folder / "columns.csv")
    asked = running.filter(pl.col("product") != "revolving").with_columns(amount="originated_amount")
    asked.select("amount", "annual_rate", "product", "origination_grade", *reads).head(200).write_csv(
        folder / "asked.csv"
    )
    trained, home = folder / "told", folder / "scored" / "twin"
    lt.score_train(
        folder / "ends.csv", target="end", good="good", out=trained, models=["logistic"], folds="1x5"
    )
    if kind == "snapshot":
        return {"told": trained, "scored": twin.home}
    shutil.copytree(twin.home, home)
    lt.fit(home, [twin.lender / "macro.csv"], score=trained)
    return {"told": trained, "scored": home}


def write_files(folder: Path, segment: str) -> None:
    """Write what lines name beside a twin: files that pages show whole, ratings, rates."""
    for name, page in FILES.items():
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        shown = re.findall(r"^```(?:toml|json)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)[0]
        later = shown.replace("2026-06-30", "2036-06-30").replace("north|A", segment)
        (folder / name).write_text(later, encoding="utf-8")
        if name == "overlays.toml":
            (folder / "pools.toml").write_text(re.sub("stages = .*", "", later), encoding="utf-8")
    rows = ("0.90,0.05,0.01,0.04", "0.10,0.80,0.05,0.05", "0,0,1,0", "0,0,0,1")
    short = ("A,0.90,0.05,0.01", "B,0.10,0.80,0.05", "D,0,0,1")
    quarters = [f"{year}-{month:02}-01" for year in range(2003, 2024) for month in (1, 4, 7, 10)]
    texts = {
        "wording.toml": '[lender]\nname = "Us"\n[reasons]\n"Credit/credit-5" = "obligations-excessive"\n',
        "capital.toml": "cet1 = 3000000\nrisk_weight = 0.75\n",
        "matrix.csv": "\n".join(
            [",A,B,D,NR", *(f"{name},{row}" for name, row in zip("ABD", rows, strict=False))]
        ),
        "unnamed.csv": "\n".join(rows),
        "reasons.toml": '[[reason]]\ncode = "1"\nfeatures = ["purpose"]\nen = "Means and purpose"\n'
        '[[change]]\nfeature = "purpose"\n',
        "cases.csv": "approved,purpose,income,age,status\n"
        + "\n".join(
            f"{2018 + case // 60}-{case % 12 + 1:02}-15,{'abc'[case % 3]},{900 + 37 * case % 1700},"
            f"{20 + 7 * case % 45},{'late' if (case * 29) % 100 < 35 - case % 20 else 'paid'}"
            for case in range(300)
        ),
        "decided.csv": "day,black,white,income,pd,decision,end\n"
        + "\n".join(
            f"2020-{case % 3 + 1:02}-15,{int(case % 4 == 0)},{int(case % 4 > 0)},{900 + 37 * case % 1700},"
            f"{0.05 + 13 * case % 40 / 100:.2f},"
            f"{'no' if case * 31 % 100 > 70 - 20 * (case % 4 == 0) else 'yes'},"
            f"{'bad' if case * 29 % 100 < 5 + 13 * case % 40 else 'paid'}"
            for case in range(400)
        ),
        "loans.csv": "begun,ended,lived,status,income,kind\n"
        + "\n".join(
            f"{2016 + loan // 100}-{loan % 12 + 1:02}-15,"
            f"{'' if loan % 3 == 0 else f'{2018 + loan // 100}-{loan % 11 + 1:02}-20'},{5 + loan % 31},"
            f"{('', 'late', 'paid')[loan % 3]},{900 + 37 * loan % 1700},{'ab'[loan % 2]}"
            for loan in range(300)
        ),
        "spans.csv": "loan,begun,month,strain,late\n"
        + "\n".join(
            f"{loan},2016-01-31,{2016 + age // 12}-{age % 12 + 1:02}-28,{loan * 7 % 5},"
            f"{int(age == loan % 40)}"
            for loan in range(60)
            for age in range(48)
            if age <= loan % 40
        ),
        "cards.csv": ",".join(f"{name}_{back}" for name in ("late", "bill", "paid") for back in range(4))
        + ",limit,next\n"
        + "\n".join(
            f"{card % 3 % 2},{card % 2},0,0,{500 + card},{480 + card},{450 + card},400,"
            f"{card % 50},20,20,{card % 7},1000,{int(card * 29 % 100 < 25 + 20 * (card % 2))}"
            for card in range(200)
        ),
        **collections_texts(),
        "short.csv": "\n".join([",A,B,D", *short]),
        "offers.csv": offers_text(),
        "ratings.csv": "customer,date,rating\n"
        + "\n".join(
            f"{customer},{2015 + year}-06-30,{'AAAAABBBBBBD'[(customer + year) % 12]}"
            for customer in range(20)
            for year in range(7)
        ),
        "years.csv": "customer,date,rating\n1,0,A\n1,2.5,B\n2,0,B\n2,3,D\n3,0,A\n3,5,A\n4,0,B\n4,4,A\n",
        "rates.csv": "observation_date,CORCCACBS\n"
        + "\n".join(f"{day},{4 + 2 * math.sin(place / 6):.3f}" for place, day in enumerate(quarters)),
    }
    for name, text in texts.items():
        (folder / name).write_text(text + "\n", encoding="utf-8")
    lt.collections_fit(folder / "log.csv", folder / "treatments.toml", out=folder / "uplift.json")
    for file in (*(ROOT / "examples").glob("*.json*"), ROOT / "examples" / "reviews.csv"):
        shutil.copy(file, folder / file.name)
    shutil.copy(ROOT / "examples" / "offers.toml", folder / "offer_columns.toml")
    shutil.copy(ROOT / "examples" / "offer_grid.toml", folder / "offer_grid.toml")
    names, none = ("amount_log_slope", "late_log_odds_slope", "take_up_log_slope"), np.zeros(3)
    fitted = Levers(
        names, np.array([-0.05, 0.02, -0.04]), 1e-4 * np.eye(3), none, "percent a year", 1.0, "USD", 4.0,
        20.0, True, "drawn", "made up", "0" * 64,
    )  # fmt: skip
    write_levers(fitted, folder / "kept_levers.json")
    (folder / "application.json").write_text(json.dumps(lt.schema("application").to_dict()), encoding="utf-8")


def collections_texts() -> dict[str, str]:
    """Return treatments, a log of them in which calls help who owes little, cases and contacts."""
    treatments = (ROOT / "examples" / "collections.toml").read_text(encoding="utf-8")
    known = [
        f"{place * 37 % 89},{100 + place * 61 % 900},{500 + place * 53 % 200},0.{place * 29 % 97:02},"
        f"{place * 41 % 3},{'ab'[place % 2]},{('1-29', '30-59', '60-89')[place % 3]},C{place // 2}"
        for place in range(2400)
    ]
    names = "days_past_due,balance,score,utilisation,broken_promises,product,bucket,customer"
    log = [
        f"L{place},{('none', 'call', 'message')[place * 7 % 3]},{0.5 - 0.25 * (place * 7 % 3 > 0)},"
        f"{int(place * 83 % 101 < 40 + 30 * (place * 7 % 3 == 1 and place * 61 % 900 < 400))},{text}"
        for place, text in enumerate(known)
    ]
    return {
        "treatments.toml": treatments.replace("third-party collector", "collector"),
        "log.csv": "\n".join([f"loan,treatment,probability,paid,{names}", *log]),
        "today.csv": "\n".join(
            [f"loan,{names}", *(f"L{place},{text}" for place, text in enumerate(known[:300]))]
        ),
        "contacts.csv": "case,at,channel\n"
        + "\n".join(f"L{place},2024-03-0{place % 3 + 1},phone" for place in range(200)),
    }


def offers_text() -> str:
    """Return offers by the columns of `examples/offers.toml`, prices without a pattern, four strata."""
    names = (
        "risk,wave,offer4,final4,tookup,loansize,pstdue_average,grossinterest,term,normrate_more,age,female,"
        "married,rural,edhi,dependants,appscore,itcscore,lastamount,lastterm,dormancy,trcount,province"
    )
    rows = []
    for offer in range(3000):
        rate, up = 5 + offer * 37 % 80 / 16, int(offer * 61 % 100 < 30)
        lent = f"{600 + offer * 13 % 400},{offer * 7 % 50},{150 + offer % 90},6" if up else "0,,0,0"
        known = (20 + offer * 11 % 40, offer // 3 % 2, offer // 5 % 2, 0, 1, offer // 7 % 4, offer * 17 % 50)
        more = (500 + offer * 19 % 200, 400 + offer * 23 % 900, 4, offer * 29 % 24, offer * 31 % 9)
        rows.append(
            f"{('HIGH', 'LOW')[offer % 2]},{offer // 2 % 2 + 1},{rate},{rate - offer % 3 / 4},{up},{lent},"
            f"{int(offer % 97 == 0)},{','.join(map(str, (*known, *more)))},{'NS'[offer // 11 % 2]}"
        )
    return "\n".join((names, *rows))


def write_register(home: Path, folder: Path) -> dict[str, object]:
    """Write scores, and a copy of a twin's home in which one of them is registered, approved and champion.

    Its log holds a decision, whose id is returned.
    """
    made, options = folder / "registered" / "twin", {"folds": "1x2", "models": ("logistic", "scorecard")}
    lt.score_train(folder / "cases.csv", target="status", good="paid", out=folder / "trained", **options)
    shutil.copytree(home, made)
    lt.model_register(made, folder / "trained", name="applications", by="ana", expires="2047-11-30")
    lt.model_approve(made, "applications/1", role="model-approver", by="eva")
    lt.model_place(made, "applications/1", place="champion", by="eva")
    lt.process_run(made, "review", steps=folder / "reviews.csv")
    lt.score_train(
        folder / "cases.csv",
        target="status",
        good="paid",
        out=folder / "judged",
        folds="1x2",
        models=("logistic", "scorecard"),
    )
    found = lt.decide(
        ROOT / "examples" / "applications.jsonl",
        policy=ROOT / "examples" / "policy.json",
        shadows=[ROOT / "examples" / "policy_next.json"],
        twin=made,
        record=True,
    )
    (folder / "became.csv").write_text("application_id,loan_id\nA-1,L000000001\n", encoding="utf-8")
    (folder / "owed.csv").write_text("attributes.borrower_id,balance\nB-1,20000\n", encoding="utf-8")
    return {"decision": found.decisions[0].decision_id, "became": folder / "became.csv"}


def walked(line: str, words: dict[str, object]) -> tuple[int, str, str]:
    """Run a line in this process; return its exit code, what it printed and what it complained of."""
    for name in ("out", "new", "draft"):
        target = Path(str(words[name]))
        shutil.rmtree(target, ignore_errors=True) if target.is_dir() else target.unlink(missing_ok=True)
    command = line.split()[0]
    told = {**words, "home": words["copy"]} if command == "fit" else words
    if line.startswith("process run {home} review --steps"):
        shutil.rmtree(str(words["trial"]), ignore_errors=True)
        told = {**words, "home": shutil.copytree(str(words["home"]), str(words["trial"]))}
    own = ("model", "decision", "evidence", "review")
    if command in own or line == "process run {home} review":  # each line on the same register
        shutil.rmtree(str(words["trial"]), ignore_errors=True)
        told = {**words, "home": shutil.copytree(str(words["registered"]), str(words["trial"]))}
    out, err, code = io.StringIO(), io.StringIO(), 0
    streams = contextlib.redirect_stdout(out), contextlib.redirect_stderr(err)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(), streams[0], streams[1]:
        warnings.simplefilter("default")  # a warning is a line of its own to who sits at the command line
        warnings.simplefilter("error", RuntimeWarning)
        patch.setenv("LOANTWIN_RUN_PATHS", "200")
        patch.setattr(sys, "argv", ["loantwin", *(word.format(**told) for word in line.split())])
        patch.setattr(render, "render", both_forms)
        try:
            run()
        except SystemExit as end:
            code = int(end.code or 0)
    return code, out.getvalue(), err.getvalue()


def both_forms(result: Result) -> None:
    """Print a result as tables, held to 80 columns too, after holding its JSON document to its schema and to
    numbers that are some.
    """
    document = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    jsonschema.validate(document, type(result).json_schema())
    assert all(frame.height for frame in result.frames().values())
    assert len(repr(result)) < 2_000
    TABLES(result)
    held_to_width(result, 80)


REFUSED = {
    "backtest {home} --origin 2003-12-31,2005-12-31": "inside the tape",
    "backtest {home} --origin every=12M --from 1997-12-31": "inside the tape",
    "backtest {home} --origin every=12M --from 2002-12-31": "inside the tape",
    "backtest {home} --origin every=6M --from 2014-12-31": "inside the tape",
    "fit {home} --macro {macro} --model age-period-cohort": "one of logit",
    "fit {home} --update": "the date of the model and of the book",
    "loan {home} no-such-loan": "a loan of the tape",
    "evidence {home} no-such-decision": "a recorded decision",
    "decision stop {home} applications/1 --resume": "what is stopped",
    "fairness {decided} --group black,white --scores": "record of scores",
    "model approve {home} applications/1 --role viewer": "the one role that may approve",
    "model approve {home} applications/1 --role model-approver --by ana": "another than ana",
    "model place {home} transition/1": "a transition model",
    "movement {home} --from 2023-12-31": "before the closing date",
    "journal {home} --from 2023-12-31": "before the closing date",
    "process run {home} {process}": "a process small loans in the home",
    "review decide {home} A-2": "possible in state waiting",
    "review assign {home} A-9": "a case of the process review",
    "review decide {home} A-1 --outcome approve --reason seen --by eva": "another than who took propose",
    "why p.json#by_stage.2.allowance": "a file that is there",
    "price {applications_to_price} --twin {home} --model": "the score that the twin was fitted with",
    "policy simulate {credit} --tape {tape} --format {mapping} --assume": "one of the assumptions",
    "tape check {tape} --format {mapping} --quarantine {out} --assume": "one of the assumptions",
    "twin create {new} --tape {tape} --format {mapping} --as-of {as_of} --assume": "one of the assumptions",
}
"""By their beginnings, lines that no twin here can answer (other dates, other mappings), and what is said."""


@pytest.mark.slow
@pytest.mark.parametrize("line", LINES)
def test_a_line_gives_a_result_or_one_message(line: str, places: dict[str, dict[str, object]]) -> None:
    refused = next((words for start, words in REFUSED.items() if line.startswith(start)), "")
    given = []
    alone = not any(f"{{{word}}}" in line for word in OF_TWINS)
    for kind, words in places.items():
        if alone and kind != KINDS[0]:
            continue  # it reads no twin, and nothing that differs by twin
        code, out, err = walked(line, words)
        assert "Traceback" not in err, f"{kind}: {err}"
        assert code in (0, 2), f"{kind}: {err}"
        if code == 2:
            said = [text for text in err.splitlines() if not text.startswith("loantwin: warning: ")]
            assert out == "", kind
            assert len(said) == 1, f"{kind}: {err}"
            assert said[0].startswith("loantwin: "), f"{kind}: {err}"
            assert "expected " in said[0], f"{kind}: {err}"
            assert refused in said[0] or kind == "snapshot", f"{kind}: {err}"
            continue
        given.append(kind)
        assert out.strip(), kind
        assert not re.search(r"(?<![\w-])(nan|NaN|inf|Infinity)(?![\w-])", out), f"{kind}: {out}"
        if "--json" in line:
            json.loads(out)
        assert "{out}" not in line or Path(str(words["out"])).stat().st_size, kind
    assert bool(given) != bool(refused), f"refused everywhere, or no longer: see REFUSED; {err}"
    assert line.startswith(SELECTIVE) or refused or set(given) >= ({"demo"} if alone else {"demo", "tour"}), (
        given
    )


SELECTIVE = ("stress {home} --reverse", "fit {home} --macro {macro} --learn-from")
"""Lines that a made-up lender may refuse, or a twin that is asked to learn from itself."""


def test_every_command_and_option_is_walked() -> None:
    missing = {}
    for path, options in LEAVES.items():
        lines = [line.split() for line in LINES if tuple(line.split()[: len(path)]) == path]
        if path in ALONE:
            continue
        assert lines, f"nothing walks {' '.join(path)}: add a line to MORE"
        if (
            lacking := options
            - {"--json", "--table", "--language"}
            - {word for line in lines for word in line}
        ):
            missing[" ".join(path)] = sorted(lacking)
    assert missing == {}
