"""The pages about environment and policies: their snippets run, and no assumption is left out."""

import re
import tomllib
from pathlib import Path

import pytest

from loantwin.decisions.figures import FIGURES, PUBLISHED
from loantwin.decisions.load import parse_policy
from loantwin.engine.step.levers import assumptions
from loantwin.types import LEVERS

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("page", ["environment.md", "policies.md"])
def test_the_snippets_run(page):
    found = blocks(page, "python")
    assert found
    for text in found:
        exec(compile(text, page, "exec"), {})


def test_the_policy_on_the_page_is_one():
    (text,) = blocks("policies.md", "toml")
    assert parse_policy(tomllib.loads(text)).name == "careful"


def test_every_assumption_lever_and_figure_is_on_its_page():
    page = (DOCS / "environment.md").read_text(encoding="utf-8")
    for name, (default, _) in assumptions().items():
        row = re.search(rf"\| `{name}` \| ([\d.]+) \|", page)
        assert row is not None, name
        assert float(row[1]) == default, name
    for name in (*LEVERS, *FIGURES):
        assert f"`{name}`" in page, name


def test_every_published_figure_stands_on_the_page_with_its_unit():
    page = (DOCS / "policies.md").read_text(encoding="utf-8")
    for figure in PUBLISHED:
        assert f"| `{figure.name}` | {figure.unit} | {figure.words} |" in page, figure.name
