"""`validate`: the dossier's figures are right, its findings arise where they must, its page shows them."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import loantwin as lt
from loantwin.errors import UsageError
from loantwin.interfaces.report.validate.evidence import Evidence
from loantwin.interfaces.report.validate.findings import findings
from loantwin.interfaces.report.validate.moves import moved
from loantwin.interfaces.report.validate.sections import sensitivity_section
from loantwin.interfaces.report.validate.validate import Dossier
from loantwin.outlook import remade as made_twice
from loantwin.outlook.outlook import Outlook
from loantwin.outlook.remade import Remade, remade
from loantwin.outlook.thinned import Stability, expected_defaults, thinned

pytestmark = pytest.mark.usefixtures("few_paths")

DAY = dt.date(2026, 1, 31)


@pytest.fixture(scope="module")
def dossier(panel_home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Dossier, str]:
    out = tmp_path_factory.mktemp("dossier") / "dossier.html"
    made = lt.validate(panel_home, out, owner="A. Validator", origins=1, thins=2)
    return made, out.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def evidence(panel_home: Path) -> Evidence:
    """Return evidence with nothing against the model but what a test plants."""
    twin = lt.open(panel_home)
    return Evidence(
        twin=twin,
        provisions=lt.provisions(twin, "ifrs9"),  # type: ignore[arg-type]  # the standard's own result
        backtest=None,
        backtest_gap="planted",
        remade=(),
        stability=Stability(12, 100.0, (100.0, 100.0), 0.1, 0.2),
        on_path=1.0,
        stress=None,
        moved=(),
        rejected={},
        warned={},
        missing={},
        notes=(),
    )


def ids(evidence: Evidence) -> list[tuple[str, str]]:
    return [(item.severity, item.section) for item in findings(evidence, "me", DAY)]


@pytest.mark.slow
def test_figures_made_twice_agree_and_stand_on_the_page(dossier: tuple[Dossier, str]) -> None:
    made, page = dossier
    assert len(made.remade) >= 15
    assert max(abs(item.difference) for item in made.remade) < 1e-10
    for item in made.remade:
        assert f"<td>{item.program:,.2f}</td>" in page
        assert item.program >= 0.0
    defaulted = next(item for item in made.remade if item.figure.startswith("defaulted number"))
    lifetime = next(item for item in made.remade if item.figure == "lifetime expected number of defaults")
    assert 0.0 < defaulted.program < lifetime.program


@pytest.mark.slow
def test_each_finding_has_an_owner_and_a_date_and_is_on_the_page(dossier: tuple[Dossier, str]) -> None:
    made, page = dossier
    assert made.findings
    for item in made.findings:
        assert item.owner == "A. Validator"
        assert item.due > item.raised
        assert item.id in page
        assert item.due.isoformat() in page
    ranks = ["high", "medium", "low"]
    found = [ranks.index(item.severity) for item in made.findings]
    assert found == sorted(found)
    jsonschema.validate(made.to_dict(), Dossier.json_schema())
    assert made.sections[0] == "Findings"
    assert {"Lineage", "Concept", "Data quality", "Outcomes", "Limitations"} <= set(made.sections)


@pytest.mark.slow
def test_the_page_shows_the_allowance_under_each_move(dossier: tuple[Dossier, str]) -> None:
    made, page = dossier
    assert {item.component for item in made.materiality} >= {"early payoff", "moves into arrears and default"}
    for item in made.materiality:
        assert f"<td>{item.allowance:,.0f}</td>" in page
    for value in made.stability.thins:
        assert f"<td>{value:,.0f}</td>" in page


@pytest.mark.slow
def test_an_allowance_is_what_is_charged_off_less_what_is_recovered(
    panel_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loss = C - R; C a tenth larger and R a tenth smaller move it by C / 10 and R / 10.

    So long as severity follows no price: how far it does hangs on where it stands.
    """
    monkeypatch.setattr(Outlook, "price_factor", None)
    with lt.open(panel_home) as twin:
        was, made = moved(twin, lambda place, of: None)
    by_name = {item.component: item.allowance - was for item in made}
    more, less = by_name["loss given default: charged off"], by_name["loss given default: recovered"]
    assert more > 0.0
    assert less > 0.0
    assert 10.0 * (more - less) == pytest.approx(was, rel=1e-9)


def test_an_oracle_that_differs_is_a_high_finding(evidence: Evidence) -> None:
    same = Remade("balance", "USD", 100.0, 100.0, 0.0, 10)
    assert ("high", "remade") not in ids(replace(evidence, remade=(same,)))
    other = Remade("balance", "USD", 100.0, 101.0, 0.0099, 10)
    assert ids(replace(evidence, remade=(other,)))[0] == ("high", "remade")


def test_no_backtest_is_a_high_finding(evidence: Evidence) -> None:
    assert ("high", "outcomes") in ids(evidence)


def test_halves_that_disagree_by_more_than_stated_are_a_finding(evidence: Evidence) -> None:
    assert ("high", "stability") not in ids(evidence)
    wide = replace(evidence.stability, spread=0.31)
    assert ("high", "stability") in ids(replace(evidence, stability=wide))
    unknown = replace(evidence.stability, spread=None, gap="a half: nothing to learn from")
    assert ("medium", "stability") in ids(replace(evidence, stability=unknown))


def test_rows_rejected_and_fields_missing_are_findings(evidence: Evidence) -> None:
    assert not [item for item in ids(evidence) if item[1] == "data"]
    read = evidence.twin.loaded.data["rows_read"]
    many = replace(evidence, rejected={"date_order": math.ceil(read * 0.02)})
    assert ("medium", "data") in ids(many)
    assert ("low", "data") in ids(replace(evidence, missing={"origination_pd": 0.4, "score": 1.0}))
    text = findings(replace(evidence, missing={"origination_pd": 0.4}), "me", DAY)[-1].evidence
    assert text == "origination pd 40 % missing"


@pytest.mark.slow
def test_a_wrong_kernel_is_found(panel_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = made_twice.conditional_flows

    def wrong(*given: object, **more: object) -> object:
        flows = kernel(*given, **more)  # type: ignore[arg-type]  # passed through
        return replace(flows, prepaid=flows.prepaid * 1.001)

    losses = made_twice.loan_losses

    def forgetful(*given: object, severity_moves: object, **more: object) -> object:
        assert severity_moves is not None
        return losses(*given, **more)  # type: ignore[arg-type]  # passed through

    monkeypatch.setattr(made_twice, "conditional_flows", wrong)
    monkeypatch.setattr(made_twice, "loan_losses", forgetful)
    with lt.open(panel_home) as twin:
        made = {item.figure: item.difference for item in remade(lt.Outlook(twin), 6)}
    assert made["prepaid, 6 months"] == pytest.approx(-0.001 / 1.001, rel=1e-6)
    assert abs(made["defaulted, 6 months"]) < 1e-10
    assert abs(made["lifetime expected loss, net of guarantees"]) > 1e-4  # prices of collateral forgotten
    assert abs(made["lifetime expected number of defaults"]) < 1e-10


def test_halves_are_random_halves_with_their_panel(panel_home: Path) -> None:
    with lt.open(panel_home) as twin:
        whole = twin.tables.loans["loan_id"]
        one, again, other = (thinned(twin, 7, place) for place in (0, 0, 1))
        kept = one.tables.loans["loan_id"]
        assert kept.to_list() == again.tables.loans["loan_id"].to_list()
        assert kept.to_list() != other.tables.loans["loan_id"].to_list()
        deviation = 0.5 * math.sqrt(len(whole))
        assert abs(len(kept) - len(whole) / 2) < 4 * deviation
        assert one.tables.panel is not None
        assert set(one.tables.panel["loan_id"]) <= set(kept)
        rows = twin.tables.panel.group_by("loan_id").len().sum()  # type: ignore[union-attr]  # a panel
        assert rows["len"].item() > one.tables.panel.height


@pytest.mark.slow
def test_expected_defaults_are_those_of_the_forecast(panel_home: Path) -> None:
    with lt.open(panel_home) as twin:
        outlook = lt.Outlook(twin)
        economy = outlook.simulated(12, 400, 3)
        ours = expected_defaults(outlook, economy, outlook.drawn(economy, 400, 3), 12)
        theirs = lt.forecast(twin, months=12, paths=2_000).totals["defaulted"]
    assert theirs is not None
    error = 4.0 * float(np.std(ours)) / math.sqrt(400)
    assert float(ours.mean()) == pytest.approx(theirs.mean, abs=error)


def test_numbers_out_of_range_are_refused(panel_home: Path, tmp_path: Path) -> None:
    for given in ({"thins": 1}, {"origins": -1}):
        with pytest.raises(UsageError):
            lt.validate(panel_home, tmp_path / "dossier.html", **given)  # type: ignore[arg-type]  # by name
    assert not (tmp_path / "dossier.html").exists()


@pytest.mark.slow
def test_the_section_of_prior_shares_has_the_stress_tests_figures(evidence: Evidence) -> None:
    made = lt.stress(evidence.twin, months=12, all_sensitivities=True)
    section = sensitivity_section(replace(evidence, stress=made))
    assert section is not None
    shares, _, moves = section.blocks
    item, first = made.scenarios[made.baseline], made.sensitivities[0]
    row = {cells[0]: cells for cells in shares.rows}["defaulted"]
    between, share = item.interval["defaulted"], item.prior_share["defaulted"]
    assert share is not None
    assert row[1:] == (
        f"{item.defaulted:,.0f}", f"{between.p05:,.0f} to {between.p95:,.0f}", f"{100 * share:,.0f} %"
    )  # fmt: skip
    assert moves.rows[0][2] == f"{first.up['defaulted']:+,.0f}"
    assert moves.rows[0][5] == f"{first.down['defaulted']:+,.0f}"
