"""`loantwin stress` as typed: documents, tables, the page, and what is refused."""

from __future__ import annotations

import json


def test_replay_sensitivity_and_page_in_one_go(loantwin, small_home, tmp_path):
    page = tmp_path / "stress.html"
    done = loantwin(
        "stress",
        small_home,
        "--replay",
        "2020-03",
        "--sensitivities",
        "--sensitivity-shape",
        "3/0/3",
        "--months",
        6,
        "--out",
        page,
        "--json",
    )
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert [key for key in document if not key.startswith("_")] == ["expected path", "replay 2020-03"]
    assert document["_months"] == 6
    assert {item["factor"] for item in document["_sensitivities"]} >= {"unemployment_rate"}
    html = page.read_text(encoding="utf-8")
    for title in (
        "What it costs",
        "The economies",
        "Where it comes from",
        "One factor at a time",
        "Rules and limits",
    ):
        assert title in html
    assert "<script" not in html
    assert "http-equiv" in html


def test_tables_name_scenarios_and_factors(loantwin, small_home):
    done = loantwin(
        "stress",
        small_home,
        "--replay",
        "2020-03",
        "--months",
        6,
        "--new-lending",
        "constant-balance",
        "--action",
        "sell=10%@3",
    )
    assert done.code == 0, done.err
    for words in (
        "replay 2020-03",
        "by factor (Shapley",
        "by segment",
        "sell 10 % of every performing loan",
        "Cash received less paid",
    ):
        assert words in done.out


def test_what_cannot_be_done_is_refused_in_one_message(loantwin, small_home, raw_lender, tmp_path):
    scenario = f"{raw_lender / 'scenarios.csv'}#Baseline"
    loantwin("stress", small_home, "--json").refused("--scenario", "at least one")
    loantwin("stress", small_home, "--scenario", f"{scenario}=1.0", "--json").refused("does not weigh")
    loantwin(
        "stress", small_home, "--scenario", scenario, "--align", "start", "--severity", "-1", "--json"
    ).refused("--severity")
    loantwin("stress", small_home, "--replay", "1900", "--json").refused("--replay")
    loantwin("stress", small_home, "--reverse", "loss=98%", "--months", 6, "--json").refused("largest found")
    loantwin("stress", small_home, "--sensitivities", "--sensitivity-shape", "1-2-3", "--json").refused(
        "--sensitivity-shape"
    )
    loantwin("stress", small_home, "--replay", "2020-03", "--out", tmp_path, "--json").refused("--out")
