"""The page `docs/events.md`, written from the registry so that it cannot go stale."""

from __future__ import annotations

from loantwin.events.event_types import EVENT_TYPES, KINDS, EventType

_INTRODUCTION = """# Events

<!-- Generated from `loantwin.events.event_types`; edit there and run `make docs`. -->

An event is an immutable fact in the past tense: its type and version, the day it happened, the moment it
was recorded, and the fields below. The log of a twin's home holds them in order, chained by hash; the book
is their fold (see [home](home.md)). Fields not listed are refused. An optional field that is absent says
nothing, unless its meaning says otherwise.

A field whose name ends in `_blob` names a file of `blobs/` by its sha256; `quarantine_file` names a file of
the home.
"""


def events_page() -> str:
    """Return the page in Markdown."""
    kinds = ["| kind | holds |", "|---|---|", *[f"| {name} | {holds} |" for name, holds in KINDS.items()]]
    parts = [_INTRODUCTION, "## Kinds of fields\n\n" + "\n".join(kinds) + "\n"]
    for heading, of_loan in (
        ("Facts about the twin", False),
        ("Facts about a loan, applied by the fold", True),
    ):
        parts.append(f"## {heading}\n")
        parts += [_section(kind) for kind in EVENT_TYPES.values() if kind.of_loan is of_loan]
    return "\n".join(parts)


def _section(kind: EventType) -> str:
    lines = [
        f"### {kind.name}",
        "",
        f"{kind.meaning} Version {kind.version}.",
        "",
        "| field | kind | needed | meaning |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| `{field.name}` | {field.kind} | {'yes' if field.required else ''} | {field.meaning} |"
        for field in kind.fields
    ]
    return "\n".join(lines) + "\n"
