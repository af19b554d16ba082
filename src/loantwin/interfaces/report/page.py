"""A page: what every one says of itself first, then its parts. One template draws them all."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from loantwin.interfaces.report.blocks import Section, Tile, arranged
from loantwin.interfaces.report.palette import variables
from loantwin.interfaces.report.spoken import UNTOLD, said_facts, said_section, said_tile
from loantwin.interfaces.report.template import environment
from loantwin.language import NAMES, also_spoken, said, speaking, spoken, tag


@dataclass(frozen=True)
class Page:
    """What a page holds. lead : what it is. summary : what it found, in a sentence or two of plain words.

    facts : lender, tape, date, time of making. footer : what made it.
    """

    title: str
    lead: str
    summary: str
    facts: tuple[tuple[str, str], ...]
    tiles: tuple[Tile, ...]
    sections: tuple[Section, ...]
    footer: str


def facts(
    provenance: Mapping[str, Any], as_of: dt.date | str, currency: str = ""
) -> tuple[tuple[str, str], ...]:
    """Return what a page is of, from a result's provenance; what is not known is said.

    as_of : the date known of, or in words. currency : of its amounts, empty where it has none.
    """
    told = (
        ("Lender", provenance.get("lender")),
        ("Tape", provenance.get("source")),
        ("As of", as_of if isinstance(as_of, str) else as_of.isoformat()),
        ("Amounts in", currency),
        ("Made", moment(str(provenance.get("computed") or ""))),
    )
    return tuple((name, str(value or UNTOLD)) for name, value in told if value or name != "Amounts in")


def moment(computed: str) -> str:
    """Return an ISO moment as date and minute, with its zone; empty where none is told."""
    if not computed:
        return ""
    return f"{dt.datetime.fromisoformat(computed).astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"


def made_by(provenance: Mapping[str, Any], aside: str = "") -> str:
    """Return the line at a page's foot: program, log, and what else there is to say."""
    program, head = provenance.get("program") or "loantwin", str(provenance.get("log_head") or "")[:16]
    return (
        f"Made by {program}" + (f" from log {head}" if head else "") + (f", {aside}" if aside else "") + "."
    )


def rendered(page: Page) -> str:
    """Return the page as HTML, self-contained: styles, pictures and figures are in it.

    Where a second language is spoken, the page holds both, and its reader chooses.
    """
    from markupsafe import Markup

    made_in, languages = environment(), (spoken(), *also_spoken())
    bodies: list[dict[str, Any]] = []
    for language in languages:
        with speaking(language):
            bodies.append(_body(page, f"-{language}" if len(bodies) else ""))
    css = made_in.from_string(_file("page.css.j2"))
    style = css.render(
        light=Markup(variables(False)),  # noqa: S704  # our own
        dark=Markup(variables(True)),  # noqa: S704  # our own
        hidden=languages if len(languages) > 1 else (),
    )
    html = made_in.from_string(_file("page.html.j2"))
    return html.render(page=_told(page), tag=tag(), bodies=bodies, style=Markup(style))  # noqa: S704  # our own CSS


def _file(name: str) -> str:
    return (files("loantwin.interfaces.report") / name).read_text(encoding="utf-8")


def _told(page: Page) -> Page:
    return page if spoken() == "en" else _in_language(page)


def _body(page: Page, suffix: str) -> dict[str, Any]:
    """Return what a page shows in the language spoken. suffix : of its ids, so that none stands twice."""
    from markupsafe import Markup

    told = _told(page)
    shown = replace(told, summary=unbroken(told.summary), sections=tuple(_laid_out(told.sections)))
    html = environment().from_string(_file("body.html.j2")).render(page=shown, said=said, suffix=suffix)
    language = spoken()
    named = _own_ids(html, suffix) if suffix else html
    return {"language": language, "tag": tag(), "name": NAMES[language], "html": Markup(named)}  # noqa: S704  # rendered


def _own_ids(html: str, suffix: str) -> str:
    """Return markup whose pictures refer to ids of their own."""
    return re.sub(
        r"<svg.*?</svg>",
        lambda svg: re.sub(r'((?:\bid="|url\(#|href="#)[^")]+)', rf"\1{suffix}", svg[0]),
        html,
        flags=re.DOTALL,
    )


def _in_language(page: Page) -> Page:
    """Return a page whose texts are said in the language spoken."""
    return Page(
        title=said(page.title),
        lead=said(page.lead),
        summary=said(page.summary),
        facts=said_facts(page.facts),
        tiles=tuple(map(said_tile, page.tiles)),
        sections=tuple(map(said_section, page.sections)),
        footer=said(page.footer),
    )


def unbroken(words: str) -> str:
    """Return a sentence in which no line ends between a figure and its unit."""
    return re.sub(r"(?<=\d) (?=%|(?:k|M|bn)\b)|(?<=×) (?=\d)", "\u00a0", words)


def _laid_out(sections: Sequence[Section]) -> list[Section]:
    return [replace(section, blocks=arranged(section.blocks)) for section in sections]
