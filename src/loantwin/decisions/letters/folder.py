"""A folder of letters: a file each, its owner's alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from loantwin.decisions.letters.letter import Letter
from loantwin.errors import UsageError, expected
from loantwin.files import HOME_FOLDERS, LOG, replace_file

UNSAFE = re.compile(r"[^\w.-]+")


def check_folder(path: Path | str | None) -> Path | None:
    """Return the folder of letters, None where none is asked for.

    Raises
    ------
    UsageError : a file, a folder that holds something, a twin's home, or one that lies in no folder.
    """
    if path is None:
        return None
    folder = Path(path)
    inside = folder.absolute()
    if any((part / LOG).exists() for part in (inside, inside.parent)) or inside.name in HOME_FOLDERS:
        raise UsageError(expected("a folder that is no part of a twin's home", str(path)), field="letters")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(expected("a new folder, or an empty one", str(path)), field="letters")
    if not inside.parent.is_dir():
        raise UsageError(expected("a folder in one that exists", str(path)), field="letters")
    return folder


def write_letters(folder: Path, letters: Iterable[Letter]) -> tuple[str, ...]:
    """Write letters into a folder; return the names of their files, after the application's number.

    Raises
    ------
    UsageError : a folder that cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise UsageError(expected("a folder that can be written", error.strerror), field="letters") from error
    names: dict[str, None] = {}
    for letter in letters:
        stem = UNSAFE.sub("_", letter.application_id).strip("._") or "application"
        name, number = f"{stem}.txt", 1
        while name in names:
            number += 1
            name = f"{stem}-{number}.txt"
        replace_file(folder / name, letter.text, "letters", private=True)
        names[name] = None
    return tuple(names)
