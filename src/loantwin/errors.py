"""The one tree of errors. Every message reads "expected X, was Y" and names file, row, loan and field.

`docs/errors.md` is made of the classes here: what each means, and after Next what to do about it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class LoantwinError(Exception):
    """Root of everything loantwin raises on purpose; itself where loantwin is at fault.

    Next : report it, with the command and the message: no input is to blame.
    """


class InputError(LoantwinError):
    """Input that cannot be used: the command line turns it into exit code 2.

    Next : mend what the message names: its file, row, loan or field.

    Parameters
    ----------
    message : what was expected and what was found, "expected X, was Y".
    file, row, loan, field : where it was found; `row` counts data rows from 1, the header excluded.
    """

    def __init__(
        self,
        message: str,
        *,
        file: object | None = None,
        row: int | None = None,
        loan: object | None = None,
        field: object | None = None,
    ) -> None:
        self.message = message
        self.file = None if file is None else str(file)
        self.row = row
        self.loan = None if loan is None else str(loan)
        self.field = None if field is None else str(field)
        super().__init__(self._text())

    def _text(self) -> str:
        places = {"file": self.file, "row": self.row, "loan": self.loan, "field": self.field}
        where = ", ".join(f"{name} {_one_line(value)}" for name, value in places.items() if value is not None)
        return visible(f"{where}: {self.message}" if where else self.message)


def _one_line(value: object) -> str:
    """Return a name without line breaks, which would let it look like a message of its own."""
    return str(value).replace("\n", "\\n")


class UsageError(InputError):
    """A command or function called with arguments that do not fit together.

    Next : change the argument or option that the message names.
    """


class ExtraError(UsageError, ImportError):
    """A function or command whose optional part is not installed; an ImportError too, as Python has it.

    Next : install the extra with the line that the message ends in.
    """


class ConfigError(InputError):
    """A configuration or policy file, variable or flag with an unknown key or a bad value.

    Next : mend the key; `loantwin config show` says where each value comes from.
    """


class GraphError(ConfigError):
    """A decision graph that fails on an input: a node over a missing field, or over one of another kind.

    Next : give the field that the node needs, or let the graph say what happens without it.

    Parameters
    ----------
    node : the name of the node that failed.
    """

    def __init__(self, message: str, *, node: str = "", file: object | None = None) -> None:
        self.node = node
        super().__init__(message, file=file)


class ColumnsError(ConfigError):
    """A decision graph, or a column, that cannot be run over columns; node and reason are named.

    Next : run it one by one, or write the node with what columns know.
    """


class MappingError(InputError):
    """A tape format (mapping file) that is wrong in itself or does not fit the tape.

    Next : mend the key of the mapping; `docs/formats.md` shows each one.
    """


class TapeError(InputError):
    """A loan tape that cannot be read as a file: empty, truncated, wrong delimiter, no row left.

    Next : export the file again; `loantwin tape check` says why no row is left.
    """


class NoRowError(TapeError):
    """A tape of which no row survives; `quarantine` is the table of its rows, each with what was wrong.

    Next : mend the mapping as the example in the message says; `--quarantine FILE` lists every row.
    """

    quarantine: object = None


class BookError(InputError):
    """A book that breaks its own schema.

    Next : mend what made the book; `docs/schema.md` lists the columns and what each may hold.
    """


class ScenarioError(InputError):
    """A macro file or scenario that is wrong, too short or has gaps.

    Next : mend the file at the factor or month named, or ask for fewer months; see `docs/macro.md`.
    """


class HomeError(InputError):
    """A twin's home that is missing, half written, damaged, locked or from a newer version.

    Next : do as the message says: end the other writer, make the home anew, or take a newer loantwin.
    """


class LogError(HomeError):
    """An event log whose chain is broken or whose order is wrong.

    Next : run `loantwin log verify`; restore a damaged home from a copy, mend an event of your own.
    """


class ModelError(InputError):
    """A model that cannot be fitted on, or applied to, what it was given.

    Next : give a history that can tell, or loans and covariates as it was fitted on; see `docs/models.md`.
    """


class RiskError(InputError):
    """A measure asked for something its inputs cannot support.

    Next : change the input named; `docs/measures.md` says what each measure needs.
    """


class ArgumentError(UsageError, RiskError):
    """An argument none of its kind: NaN, a masked entry, a text for a number, 2.5 periods; a RiskError too.

    Next : pass what the message asks for at the argument named.
    """


def expected(what: object, was: object) -> str:
    """Return the sentence every message is built on."""
    return f"expected {what}, was {was!r}" if isinstance(was, str) else f"expected {what}, was {was}"


def unknown(name: str, known: Iterable[str], besides: str = "") -> str:
    """Return the sentence about a name that is none of the known ones; a near one is offered.

    besides : what else is taken, in words.
    """
    names = list(known)
    folded = {item.casefold(): item for item in names}
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    words = expected("one of " + ", ".join(names) + besides, name)
    return f"{words}; did you mean {folded[near[0]]}?" if near else words


def choice(
    value: str,
    known: Iterable[str],
    field: str | None,
    *,
    besides: str = "",
    file: object | None = None,
    error: type[InputError] = UsageError,
) -> str:
    """Return the known name that a value stands for; upper and lower case are one.

    Parameters
    ----------
    field, file, error : what a refusal names and is. besides : what else is taken, in words.

    Raises
    ------
    InputError : of the kind `error`: a value that is no text, or no known name; a near one is offered.
    """
    names = list(known)
    if not isinstance(value, str):
        raise error(expected("one of " + ", ".join(names) + besides, value), file=file, field=field)
    if value in names:
        return value
    for name in names:
        if name.casefold() == value.casefold():
            return name
    raise error(unknown(value, names, besides), file=file, field=field)


CONTROLS = (
    *(point for point in range(0x20) if point not in (0x09, 0x0A)),
    *range(0x7F, 0xA0),
    *(0x061C, 0x200B, 0x200E, 0x200F),
    *range(0x2028, 0x202F),
    *range(0x2066, 0x206A),
    0xFEFF,
)
"""Code points that steer a terminal or turn the direction of text: no name of a lender needs them."""

HALVES = range(0xD800, 0xE000)
"""Halves of signs: they stand for bytes of file names that are no text, and cannot be written."""

_SHOWN = {point: f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" for point in (*CONTROLS, *HALVES)}


def visible(text: str) -> str:
    """Return a text with control and direction marks, and halves of signs, as escapes; line feeds and tabs
    stay.
    """
    return text.translate(_SHOWN)
