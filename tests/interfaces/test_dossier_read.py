"""Every figure of the dossier is found where its row and its column cross."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from loantwin.interfaces.report.labels import edge_words, money, plain
from loantwin.interfaces.report.validate.evidence import Evidence
from loantwin.interfaces.report.validate.findings import Finding
from loantwin.interfaces.report.validate.inventory import Component
from loantwin.interfaces.report.validate.moves import Moved
from loantwin.interfaces.report.validate.sections import (
    benchmarks_section,
    concept_section,
    data_section,
    findings_section,
    inventory_section,
    limitations_section,
    lineage_section,
    outcomes_section,
    remade_section,
    sensitivity_section,
    stability_section,
)
from loantwin.interfaces.report.validate.validate import _page
from loantwin.outlook.remade import Remade
from loantwin.outlook.thinned import Stability
from loantwin.performance.rivals import LAST_RATE
from loantwin.risk.stress.stress import StressResult
from loantwin.verbs.backtest.backtest import Backtest

from .page_results import result_of
from .pages import alone, read

DAY = dt.date(2031, 3, 31)
MOVED = (
    Moved("early payoff", "odds 1.1 times", 111_222_333.0, -0.123, "high"),
    Moved("period effect today", "one worse", 222_333_444.0, 0.0456, "medium"),
)
REMADE = (
    Remade("defaulted, 12 months", "CHF", 3_333.25, 4_444.5, 5.5e-3, 7),
    Remade("live number, 12 months", "loans", 66.5, 77.75, -8.25e-4, 7),
)
EDGES = [
    {"edge": "current -> dpd_1_29", "events": 2_101.0, "loan_months": 31_003.0, "assumed": False},
    {"edge": "dpd_1_29 -> default", "events": 415.0, "loan_months": 5_107.0, "assumed": False},
    {"edge": "current -> prepaid", "events": 0.0, "loan_months": 6_203.0, "assumed": True},
]
FOUND = (
    Finding("F01", "high", "outcomes", "a grave thing", "41 %", "A. Owner", DAY, dt.date(2031, 6, 30)),
    Finding("F02", "low", "data", "a small thing", "7 rows", "B. Owner", DAY, dt.date(2032, 3, 31)),
)


def evidence() -> Evidence:
    model = SimpleNamespace(
        diagnostics={"edges": EDGES, "sample": {"loan_months": 43_210.0}, "notes": ("said of the fit",)},
        prior_only=("dpd_1_29 -> default",),
        parameters=SimpleNamespace(states=("current", "default"), latents=("credit",)),
        covariates=(SimpleNamespace(name="unemployment_rate.level"),),
        provenance={"versions": {"numpy": "9.9.9"}},
    )
    told = {"source_hash": "ab12", "prior_only": ["dpd_1_29 -> default"], "settings": {"run.seed": 77}}
    twin: Any = SimpleNamespace(
        currency="CHF",
        as_of=DAY,
        model=model,
        home=SimpleNamespace(folder=SimpleNamespace(name="alps")),
        loaded=SimpleNamespace(data={"rows_read": 40_000}),
        mapping=SimpleNamespace(observes=("defaults", "charge_offs"), assumption_details={}),
        provenance=lambda: told,
    )
    provisions: Any = SimpleNamespace(
        allowance=123_456_789.0, not_observable=("watch_list: none",), rules=("a rule",)
    )
    return Evidence(
        twin=twin,
        provisions=provisions,
        backtest=result_of(Backtest),
        backtest_gap="",
        remade=REMADE,
        stability=Stability(12, 1_000_000.0, (1_100_000.0, 1_250_000.0), 0.19, 0.31),
        on_path=200_000_000.0,
        stress=result_of(StressResult),
        moved=MOVED,
        rejected={"date_order": 500},
        warned={"odd_rate": 60},
        missing={"collateral_value": 0.321},
        notes=("said by the twin",),
    )


def test_findings_stand_with_owner_and_date() -> None:
    page = alone(findings_section(FOUND)).table("no., severity")
    for item in FOUND:
        told = {name: page.cell(f"{item.id}, {item.severity}", name) for name in page.cells[0][1:]}
        assert told == {
            "finding": item.text,
            "what it rests on": item.evidence,
            "owner": item.owner,
            "answer by": item.due.isoformat(),
        }


def test_each_move_of_a_component_stands_in_picture_and_table() -> None:
    part = Component("moves", "a logit", "415 events", "all")
    page = alone(inventory_section(evidence(), (part,)))
    assert page.table("component", "form").cells[1] == ["moves", "a logit", "415 events", "all"]
    table, chart = page.table("component", "step"), page.chart("Change of the IFRS 9 allowance")
    for item, change in zip(MOVED, ("-12.3 %", "4.6 %"), strict=True):
        assert table.cell(item.component, "allowance, CHF") == f"{item.allowance:,.0f}"
        assert table.cell(item.component, "change of the allowance") == change
        assert table.cell(item.component, "materiality") == item.materiality
        row = next(cells for cells in chart.cells if cells[0] == item.component)
        assert float(row[1].replace(",", "")) == pytest.approx(item.allowance - 200_000_000.0)
    assert "as it is: 200,000,000 CHF" in page.by_class["caption"][-1]


def test_lineage_concept_and_data_say_what_is_there() -> None:
    found = evidence()
    lineage = [cells for table in alone(lineage_section(found)).tables for cells in table.cells]
    assert ["source hash", "ab12"] in lineage
    assert ["prior only", "1–29 days past due → default"] in lineage
    assert ["fitted with numpy", "9.9.9"] in lineage
    assert ["run.seed", "77"] in lineage
    concept = alone(concept_section(found))
    assert "economy: unemployment rate, level" in concept_section(found).blocks[1].lines
    table = concept.table("move", "events")
    rests = ("own events, prior beside", "prior alone", "assumed")
    for edge, rest in zip(EDGES, rests, strict=True):
        name = edge_words(str(edge["edge"]))
        assert table.cell(name, "events") == f"{edge['events']:,.0f}"
        assert table.cell(name, "loan-months") == f"{edge['loan_months']:,.0f}"
        assert table.cell(name, "rests on") == rest
    assert concept.table("what the fit saw").cells[1] == ["loan months", "43,210"]
    data = alone(data_section(found))
    rejected, warned = data.table("rule, rejected"), data.table("rule, kept with a warning")
    assert rejected.cells[1] == ["date order", "500", "1.25 %"]
    assert warned.cells[1] == ["odd rate", "60", "0.15 %"]
    assert data.table("field").cells[1] == ["collateral value", "32.1 %"]


@pytest.mark.parametrize(
    ("view", "words"),
    [("given_macro", "the economy that came"), ("generated_macro", "generated economies")],
)
def test_outcomes_stand_under_their_economy(view: str, words: str) -> None:
    found = evidence()
    score = getattr(found.backtest, view).figures["defaults"]["12"]
    table = alone(outcomes_section(found)).table("figure", "months", under=f"Given {words}")
    told = {name: table.cell("defaults", name) for name in table.cells[0][1:]}
    low, high = score.coverage90_untied_low, score.coverage90_untied_high
    assert told == {
        "months": "12",
        "accuracy": f"{score.accuracy:.2f}",
        "bias": f"{100 * score.bias:+.0f} %",
        "inside 90 %": f"{score.coverage90_untied:.2f}",
        "its 90 % interval": f"{low:.2f} to {high:.2f}",
        "verdict": score.verdict,
        "events": f"{score.events:,.0f}",
        "origins": f"{score.origins}",
    }


def test_the_best_rival_stands_beside_the_twin() -> None:
    found = evidence()
    assert found.backtest is not None
    score = found.backtest.given_macro.figures["defaults"]["12"]
    name, best = max(score.rival_scores.items(), key=lambda pair: pair[1].accuracy or 0.0)
    assert name != LAST_RATE  # the second of two, so that taking the first is seen
    section = benchmarks_section(found)
    table = alone(section).table("figure", "months")
    assert table.cell("defaults", "best rival") == name
    assert table.cell("defaults", "twin") == f"{score.accuracy:.2f}"
    assert table.cell("defaults", "its accuracy") == f"{best.accuracy:.2f}"
    assert table.cell("defaults", "difference") == f"{(score.accuracy or 0) - (best.accuracy or 0):+.2f}"
    between = f"{best.difference_low:+.2f} to {best.difference_high:+.2f}"
    assert table.cell("defaults", "90 % interval") == between


def test_sensitivities_stand_under_figure_and_direction() -> None:
    found = evidence()
    made = found.stress
    assert made is not None
    page = alone(sensitivity_section(found))
    name, item = next(iter(made.scenarios.items()))
    table = page.table(f"{name}, 12 months")
    for figure, between in item.interval.items():
        assert table.cell(plain(figure), "CHF") == f"{getattr(item, figure):,.0f}"
        assert table.cell(plain(figure), "90 % interval") == f"{between.p05:,.0f} to {between.p95:,.0f}"
        assert table.cell(plain(figure), "prior share") == f"{100 * (item.prior_share[figure] or 0):,.0f} %"
    moves = page.table("factor", "moved by")
    first = made.sensitivities[0]
    row = moves.cells[1]
    assert row[:2] == [plain(first.factor), first.words]
    for figure in ("defaulted", "charged_off", "allowance"):
        heads = moves.cells[0]
        assert row[heads.index(plain(figure))] == f"{first.up[figure]:+,.0f}"
        assert row[heads.index(f"{plain(figure)}, opposite")] == f"{first.down[figure]:+,.0f}"


def test_halves_and_figures_made_twice() -> None:
    found = evidence()
    page = alone(stability_section(found))
    table, chart = page.table("fitted on"), page.chart("Expected defaults in 12 months")
    assert table.column("expected defaults, CHF") == {
        "all loans": "1,000,000", "half 1": "1,100,000", "half 2": "1,250,000"
    }  # fmt: skip
    assert table.cell("half 2", "against all") == "+25.0 %"
    assert [float(cells[1].replace(",", "")) for cells in chart.cells[1:]] == [1e6, 1.1e6, 1.25e6]
    caption = stability_section(found).blocks[0].pictures[0].caption
    assert caption.startswith("Spread of the halves about the whole 19.0 %")
    assert "future, 31.0 %." in caption
    assert "for 7 live loans" in remade_section(found).lead
    twice = alone(remade_section(found)).table("figure", "unit")
    for item in REMADE:
        assert twice.cell(item.figure, "unit") == item.unit
        assert twice.cell(item.figure, "program") == f"{item.program:,.2f}"
        assert twice.cell(item.figure, "oracle") == f"{item.oracle:,.2f}"
        assert twice.cell(item.figure, "difference, relative") == f"{item.difference:+.1e}"


def test_the_top_of_the_page_says_the_main_figures() -> None:
    page = read(_page(evidence(), FOUND, [findings_section(FOUND), limitations_section(evidence())]))
    tiles = page.by_class["tile"]
    assert tiles[0].startswith("Findings2")
    assert tiles[0].endswith("1 high")
    assert tiles[1].startswith(f"IFRS 9 allowance, CHF{money(123_456_789.0)}")
    assert tiles[2].startswith("Figures made twice2")
    assert tiles[3].startswith("Halves of the data± 19 %")
    (said,) = page.by_class["summary"]
    assert said.startswith(f"2 findings, 1 of them high. The IFRS 9 allowance is {money(123_456_789.0)} CHF")
