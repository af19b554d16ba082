"""Tables and pages in Chinese: no text without its entry, every figure as in English, 80 columns held."""

from __future__ import annotations

import dataclasses
import html
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from loantwin.config import load
from loantwin.interfaces.report.blocks import Section, table
from loantwin.interfaces.report.labels import segment_words
from loantwin.language import language, said, speaking
from loantwin.language.catalogue import PLAIN, catalogue
from loantwin.types import Result

from .conftest import Command
from .pages import alone
from .results import filled, kinds
from .tables import held_to_width, printed
from .test_pages_read import KINDS, PAGES, result_of
from .test_walk import LEAVES

DIGITS = re.compile(r"\d[\d,.]*(?<![.,])")
CODE = re.compile(r"[a-z_]+\.[a-z_.]+|loantwin .*|[a-z]+\.(?:csv|toml|html)|\w+ \d+|[-\d.,]* ?[A-Z]{3}")
"""What has no entry on purpose: names of settings, commands to be typed, files, codes of currencies."""


def strings(item: Any) -> Iterator[str]:
    """Yield every text that a result holds: names and words of its own."""
    if isinstance(item, str):
        yield item
    elif dataclasses.is_dataclass(item):
        for field in dataclasses.fields(item):
            yield from strings(getattr(item, field.name))
    elif isinstance(item, Mapping):
        for key, value in item.items():
            yield from strings(key)
            yield from strings(value)
    elif isinstance(item, tuple | list):
        for value in item:
            yield from strings(value)


@contextmanager
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """Speak Chinese, and yield what was asked for and has no entry."""
    missing: set[str] = set()
    depth = [0]
    looked_up = language._in

    def heard(tongue: str, text: str) -> Any:
        depth[0] += 1
        made = looked_up(tongue, text)
        depth[0] -= 1
        if not depth[0]:
            missing.update(made[1])
        return made

    looked_up.cache_clear()
    monkeypatch.setattr(language, "_in", heard)
    with speaking("zh"):
        yield missing


def unexplained(missing: set[str], result: Any) -> list[str]:
    """Return the texts that are neither codes nor the result's own words."""
    own = {*strings(result)}
    own |= {text.replace("_", " ") for text in own} | {segment_words(text) for text in own}
    return sorted(
        text
        for text in missing
        if text not in own and not all(known(part, own) for part in re.split(r"[,;:] | of | to ", text))
    )


def known(part: str, own: set[str]) -> bool:
    """Return whether a part is a code, a word of the result's own, or such a word and its value."""
    part = part.rstrip(".")
    return (
        part in own
        or bool(CODE.fullmatch(part) or PLAIN.fullmatch(part))
        or any(part.startswith(f"{name} ") for name in own)
    )


def test_every_entry_keeps_its_figures() -> None:
    text = (files("loantwin.language") / "zh.toml").read_text(encoding="utf-8")
    entries = [entry for section in tomllib.loads(text)["say"].values() for entry in section.items()]
    assert len(entries) > 800
    for english, other in entries:
        assert DIGITS.findall(english) == DIGITS.findall(other), english
    assert catalogue("zh").exact["probability of default"] == "违约概率"


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_a_table_says_all_in_chinese_and_no_figure_changes(
    kind: type[Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    result = filled(kind)
    english = printed(result)
    with listening(monkeypatch) as missing:
        chinese = printed(result)
        held_to_width(result, 80)
    assert unexplained(missing, result) == []
    assert DIGITS.findall(chinese) == DIGITS.findall(english)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_page_says_all_in_chinese_and_no_figure_changes(
    kind: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    result = result_of(kind)
    english = PAGES[kind](result)
    with listening(monkeypatch) as missing:
        chinese = PAGES[kind](result)
    assert 'lang="en"' in english
    assert 'lang="zh-CN"' in chinese
    assert unexplained(missing, result) == []
    assert read_figures(chinese) == read_figures(english)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_page_of_two_languages_holds_both_whole_and_apart(kind: type[Any]) -> None:
    result = result_of(kind)
    with speaking("en,zh"):
        both = PAGES[kind](result)
    alone = {}
    for tongue in ("en", "zh"):
        with speaking(tongue):
            alone[tongue] = PAGES[kind](result)
    parts = re.split(r'<div class="spoken" lang="[^"]+" id="in-(en|zh)">', both)
    assert parts[1::2] == ["en", "zh"]
    for tongue, part in zip(parts[1::2], parts[2::2], strict=True):
        assert read_figures(part) == read_figures(alone[tongue].split("<body>")[1])
    one, other = (set(re.findall(r'\bid="([^"]+)"', part)) for part in parts[2::2])
    assert one
    assert not one & other
    for part, ids in zip(parts[2::2], (one, other), strict=True):
        assert set(re.findall(r'(?:url\(|href=")#([^")]+)', part)) <= ids


def read_figures(page: str) -> list[str]:
    """Return the figures of a page in their order; marks of axes and hints follow the width of words."""
    unseen = r'<style>.*?</style>|<p class="hint".*?</p>|<svg.*?</svg>'
    body = re.sub(unseen, "", page, flags=re.DOTALL)
    return DIGITS.findall(html.unescape(re.sub(r"<[^>]+>", " ", body)))


def test_a_lenders_own_names_stay_as_they_are() -> None:
    with speaking("zh"):
        assert said("balance") == "余额"
        page = alone(
            Section(
                "a", "By segment", "", (table(("segment", "balance"), [("balance", "1"), ("total", "2")]),)
            )
        )
    assert page.tables[0].cells == [["分组", "余额"], ["balance", "1"], ["合计", "2"]]


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("Forecast from 2020-01-31, CNY, economy: path a, b, 2,000 paths (means)",
         "自 2020-01-31 起的预测，CNY，经济情景：path a, b，2,000 条路径（均值）"),
        ("+0.10 to +0.20", "+0.10 至 +0.20"),
        ("1–29 days past due", "逾期1–29天"),
        ("current -> dpd_1_29", "正常 → 逾期1至29天"),
        ("unemployment rate, level", "失业率，水平"),
        ("a text of nobody", "a text of nobody"),
    ],
)  # fmt: skip
def test_known_sentences(english: str, chinese: str) -> None:
    with speaking("zh"):
        assert said(english) == chinese
    assert said(english) == english


@pytest.mark.parametrize("text", ["x, by y: z (q) ", "ab, cd: ", "xyz, cd ("])
def test_a_long_text_of_a_lender_is_no_long_search(text: str) -> None:
    with speaking("zh"):
        assert said(text * 3000)  # would not end if every entry were tried


def test_every_command_takes_a_language() -> None:
    assert [path for path, options in LEAVES.items() if "--language" not in options] == []


def test_a_language_is_asked_for_or_set(
    loantwin: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "Prior models by product" in loantwin("priors").out
    assert "各产品的先验模型" in loantwin("priors", "--language", "zh").out
    assert json.loads(loantwin("priors", "--language", "zh", "--json").out) == json.loads(
        loantwin("priors", "--json").out
    )
    monkeypatch.setenv("LOANTWIN_PAGES_LANGUAGE", "zh")
    assert "各产品的先验模型" in loantwin("priors").out
    assert "Prior models by product" in loantwin("priors", "--language", "en").out
    monkeypatch.delenv("LOANTWIN_PAGES_LANGUAGE")
    file = tmp_path / "twin.toml"
    file.write_text('[config.pages]\nlanguage = "zh"\n', encoding="utf-8")
    assert load(file, {})[0].pages.language == "zh"
    assert "各产品的先验模型" not in loantwin("priors").out
    loantwin("priors", "--language", "fr").refused("--language", "expected one of en, zh")
