"""`tape map`: what a stranger's tape most likely means, and a mapping to edit."""

from __future__ import annotations

from pathlib import Path

from loantwin.book.frames import TapeLike, tape_file
from loantwin.book.guess.guess import guess
from loantwin.book.guess.results import TapeMap, result
from loantwin.book.guess.write import mapping_text
from loantwin.errors import UsageError, expected
from loantwin.files import check_target, read_text, replace_file


def tape_map(tape: TapeLike, *, out: Path | str | None = None) -> TapeMap:
    """Guess what the columns of a tape mean, and write a mapping that is ready to be edited.

    Names, values and how columns go together are read as evidence; one field takes one column. At most
    10,000 rows are
    looked at, loan numbers and dates in all. A guess with a confidence of at most 0.9 is listed as unsure.

    Parameters
    ----------
    tape : a CSV (also gzipped), Parquet or Excel file, or a Polars or pandas DataFrame; a header without
        rows and a
        list of field names are mapped by their names alone.
    out : file to which the mapping is written, ending in .toml; nothing is written without it.

    Raises
    ------
    TapeError : a file that cannot be read as a table. UsageError : `out` is the tape itself, does not end in
        .toml, cannot be written, or holds another text: what was edited by hand is not replaced.
    """
    target = None if out is None else Path(out)
    if target is not None:
        check_target(target, "out")
        if target.suffix.lower() != ".toml":
            raise UsageError(expected("a file ending in .toml", str(target)), field="out")
    with tape_file(tape) as path:
        if target is not None and target.exists() and path.exists() and target.samefile(path):
            raise UsageError(expected("another file than the tape itself", str(target)), field="out")
        draft, formats = guess(path)
        text = mapping_text(draft, formats, path)
        made = result(path, draft, formats, text, target)
        if target is not None:
            _check_edited(target, text)
            replace_file(target, text, "out")
        return made


def _check_edited(target: Path, text: str) -> None:
    """Raise UsageError where another text stands at `target`: a mapping is there to be edited by hand."""
    if target.exists() and read_text(target, "mapping", UsageError, "out") != text:
        raise UsageError(
            expected("a new file, or the same mapping as it was written", target.name)
            + "; choose another name, or move that file away",
            field="out",
        )
