"""JSON that a command fits and others read: each document names its schema, and replaces its own kind."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from loantwin.errors import ConfigError, UsageError, expected
from loantwin.files import check_target, read_text, replace_file


def write_document(
    document: Mapping[str, Any], path: Path | str, what: str, read: Callable[[Path], object], field: str
) -> Path:
    """Write a document; what was there stays until the file is whole.

    Parameters
    ----------
    what : what it is of, in words. read : reads such a file, and raises ConfigError for another. field : what
        a refusal names.

    Raises
    ------
    UsageError : a place that cannot be written, or a file there that is none of `what`.
    """
    target = Path(path)
    check_target(target, field)
    if target.exists():
        try:
            read(target)
        except ConfigError as error:
            words = expected(f"a new file, or one of {what}", str(target))
            raise UsageError(f"{words}; choose another name, or move that file away", field=field) from error
    replace_file(target, json.dumps(document, indent=2, allow_nan=False) + "\n", field)
    return target


def read_document(path: Path, what: str, schema: str) -> dict[str, Any]:
    """Return a document of a schema.

    Raises
    ------
    ConfigError : no such file, no JSON, or another schema.
    """
    text = read_text(path, f"file of {what}", ConfigError)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as problem:
        raise ConfigError(f"expected a readable file of {what}, was: {problem}", file=path) from problem
    if not isinstance(document, dict) or document.get("schema") != schema:
        was = document.get("schema") if isinstance(document, dict) else type(document).__name__
        raise ConfigError(expected(f"the schema {schema}", was), file=path, field="schema")
    return document
