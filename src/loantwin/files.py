"""Files written whole or not at all, beside their place first, then moved there; TOML files read."""

from __future__ import annotations

import json
import os
import shutil
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any

from loantwin.errors import InputError, UsageError, expected
from loantwin.extras import require

PAGES = (".html", ".htm")
CREATOR = "loantwin"
"""Who a workbook says made it."""
MARK_OF_PAGES = b'<meta name="generator" content="loantwin'
MARK_OF_PDFS = b"%loantwin\n"
"""A comment behind the end of a PDF."""
MARK_OF_QUARANTINES = b"row,loan_id,field,rule,raw,kind\n"
DIGEST = "loantwin:sha256"
"""Under which name a file about a CSV holds the CSV's digest."""
HOME_FILES = ("twin.toml", "lock", "log.head", "coverage.json", "persons.sqlite")
LOG = "log.sqlite"
HOME_FOLDERS = ("blobs", "quarantine", "stops")


def read_toml(path: Path, what: str, error: type[InputError], field: str | None = None) -> dict[str, Any]:
    """Return what a TOML file holds.

    Parameters
    ----------
    what : what the file is of, for the message. error, field : what a refusal is and names.

    Raises
    ------
    InputError : of the kind `error`: no file, none that can be read, no UTF-8, no TOML.
    """
    return parse_toml(read_text(path, f"TOML file of {what}", error, field), path, what, error, field)


def read_text(path: Path, what: str, error: type[InputError], field: str | None = None) -> str:
    """Return a text file without its byte-order mark; raise InputError, of the kind `error`, for others."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        words = problem.strerror if isinstance(problem, OSError) else problem
        raise error(f"expected a readable {what}, was: {words}", file=path, field=field) from problem


def parse_toml(
    text: str, path: Path | str | None, what: str, error: type[InputError], field: str | None = None
) -> dict[str, Any]:
    """Return what a text in TOML holds; raise InputError of the kind `error` as `read_toml` does."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as problem:
        raise error(
            f"expected a readable TOML file of {what}, was: {problem}", file=path, field=field
        ) from problem


def name_of(path: Path | str) -> str:
    """Return the last part of a path as text; bytes that are none come as escapes."""
    return Path(path).name.encode("utf-8", "backslashreplace").decode()


def check_target(path: Path, field: str) -> None:
    """Raise UsageError where `path` is a folder, lies in no folder or one that cannot be written, or is part
    of a twin's home.
    """
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UsageError(expected("a file in a folder that exists", str(path)), field=field)
    if not os.access(path.absolute().parent, os.W_OK):
        raise UsageError(expected("a file in a folder that can be written", str(path)), field=field)
    folder = path.absolute().parent.resolve()
    inside = (folder / LOG).exists() and (path.name in HOME_FILES or path.name.startswith(LOG))
    if inside or (folder.name in HOME_FOLDERS and (folder.parent / LOG).exists()):
        raise UsageError(expected("a file that is no part of a twin's home", str(path)), field=field)


def check_replaced(path: Path, field: str) -> None:
    """Raise UsageError where a file stands at `path` that this program did not write, or not as it is.

    An old file of its own is replaced: a command can be run again.
    """
    if path.exists() and not _written_here(path):
        raise UsageError(
            expected("a new file, or one that loantwin wrote", str(path))
            + "; choose another name, or move that file away",
            field=field,
        )


def _written_here(path: Path) -> bool:
    """Return whether a file bears the mark of this program: each kind where its readers leave it alone."""
    content, ending = path.read_bytes(), path.suffix.lower()
    if ending in PAGES:
        return MARK_OF_PAGES in content[:4096]
    if ending == ".pdf":
        return content.endswith(MARK_OF_PDFS)
    if ending == ".parquet":  # the file's own metadata stand at its end, before their length and a mark
        return b"loantwin." in content[-8 - int.from_bytes(content[-8:-4], "little") :]
    if ending == ".xlsx":
        return _in_workbook(path)
    if ending == ".csv":
        return (
            content.startswith(MARK_OF_QUARANTINES)
            or digest_of(about_csv(path)) == sha256(content).hexdigest()
        )
    if ending == ".jsonl":
        return digest_of(about_csv(path)) == sha256(content).hexdigest()
    return False


def _in_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as book:
            return f"<dc:creator>{CREATOR}</dc:creator>".encode() in book.read("docProps/core.xml")
    except (zipfile.BadZipFile, KeyError):
        return False


def about_csv(path: Path) -> Path:
    """Return the file of what a CSV's columns mean, named as CSV on the Web names it."""
    return path.with_name(f"{path.name}-metadata.json")


def digest_of(about: Path) -> str | None:
    """Return the SHA-256 of the CSV that such a file was written beside; None where it tells none."""
    try:
        told = json.loads(about.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told.get(DIGEST) if isinstance(told, dict) else None


def check_page(path: Path, field: str) -> None:
    """Raise UsageError as `check_target`, and where what is there is no page of this program.

    Raise ExtraError where the extra `report` is not installed: before the work that a page shows, not after.
    """
    require("report")
    check_target(path, field)
    if path.exists() and path.suffix.lower() not in PAGES:
        raise UsageError(expected("a new file, or an old page that ends in .html", str(path)), field=field)
    check_replaced(path, field)


def replace_file(path: Path, text: str, field: str, *, private: bool = False) -> None:
    """Write a text file; what was there stays until the new one is whole.

    Parameters
    ----------
    private : only the file's owner may read it, as for rows and pages that name borrowers.

    Raises
    ------
    UsageError : the file cannot be written; nothing is left of it. `field` names the option that asked for
        it.
    """
    with whole_file(path, field, private=private) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _beside(path: Path) -> Path:
    """Return a name beside `path` that no other process or thread takes."""
    return path.with_name(f".{path.name}.writing-{token_hex(8)}")


@contextmanager
def whole_file(path: Path, field: str, *, private: bool = True) -> Iterator[Path]:
    """Yield a file beside `path` that takes its place when the block ends well, else vanishes.

    Parameters
    ----------
    private : only the file's owner may read it, as for rows of loans.

    Raises
    ------
    UsageError : the file cannot be written; `field` names the option that asked for it.
    """
    temporary = _beside(path)
    try:
        try:
            os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o666))
            yield temporary
            temporary.replace(path)
        except OSError as error:
            raise UsageError(
                f"expected a file that can be written, was: {error.strerror}", file=path, field=field
            ) from error
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Yield a folder beside `target` that takes its place when the block ends well, else vanishes.

    Raises
    ------
    UsageError : `target` holds something already, or cannot be made.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(expected("a new or empty folder", "one that holds files"), file=target)
    temporary = _beside(target.absolute())
    try:
        try:
            temporary.mkdir(parents=True)
        except OSError as error:
            raise UsageError(
                f"expected a folder that can be made, was: {error.strerror}", file=target
            ) from error
        yield temporary
        try:
            temporary.replace(target)
        except OSError as error:  # another has filled it meanwhile
            raise UsageError(
                expected("a new or empty folder", "one that holds files"), file=target
            ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
