"""The conformance check of tape formats."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

from loantwin.book.book import check_table
from loantwin.book.mapping import TapeFormat, from_dict, load_mapping
from loantwin.book.schema import LOANS, PANEL
from loantwin.book.tape import read_tape
from loantwin.errors import MappingError, expected
from loantwin.types import plain

CURRENCY = re.compile(r"[A-Z]{3}")


def check_format(
    format: str | Path | TapeFormat,  # noqa: A002  # the command's word
    tape: str | Path | None = None,
) -> None:
    """Raise MappingError, naming file and key, where a format cannot make a twin.

    Parameters
    ----------
    format : its name, the path of its mapping file, or the format itself.
    tape : a sample in this format, of which at least one row must be accepted; None checks the mapping alone.

    Raises
    ------
    MappingError : what `load_mapping` refuses; no words, no currency, an assumption without words; a mapping
        that is another one after it was stored in a home. TapeError : no row of the sample is accepted.
        BookError : accepted rows that break the published schema.
    """
    mapping = format if isinstance(format, TapeFormat) else load_mapping(format)
    if not mapping.words.strip():
        raise _wrong_format(mapping, "words", "words that say what the tape is", "none")
    if not CURRENCY.fullmatch(mapping.currency):
        raise _wrong_format(mapping, "currency", "a currency like USD", mapping.currency or "none")
    for name, assumption in mapping.assumption_details.items():
        if not assumption.words.strip():
            raise _wrong_format(mapping, f"assumptions.{name}", "words for an assumption", "none")
    again = from_dict(json.loads(json.dumps(plain(mapping.to_dict()))))
    if replace(again, document={}) != replace(mapping, document={}):
        raise _wrong_format(mapping, "name", "the same mapping after it was stored", "another")
    for name, variant in mapping.variants.items():
        if not variant.get("words", ""):
            raise _wrong_format(
                mapping, f"variants.{name}.words", "words that say how the variant differs", "none"
            )
    if tape is None:
        return
    found = read_tape(tape, mapping)
    check_table(found.loans, LOANS)
    if found.panel is not None:
        check_table(found.panel, PANEL)


def _wrong_format(mapping: TapeFormat, key: str, what: str, was: str) -> MappingError:
    return MappingError(expected(what, was), file=mapping.file or mapping.name, field=key)
