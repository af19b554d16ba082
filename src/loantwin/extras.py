"""The optional parts of the package: what each needs, and the one sentence where it is not installed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from loantwin.errors import ExtraError

EXTRAS: Mapping[str, tuple[str, ...]] = {
    "calendars": ("QuantLib",),
    "env": ("gymnasium",),
    "excel": ("fastexcel", "xlsxwriter"),
    "jax": ("jax",),
    "policy": ("zen",),
    "report": ("jinja2", "matplotlib"),
    "scoring": ("lifelines", "lightgbm", "sklearn"),
}
"""Extra of `pyproject.toml` -> the modules that it brings and the code imports."""


def require(extra: str, *, file: object | None = None) -> None:
    """Raise where an extra is not installed; what is installed is looked for and not imported.

    Parameters
    ----------
    extra : a key of `EXTRAS`. file : the input that asks for it, named in the message.

    Raises
    ------
    ExtraError : a module of the extra is not there; the message ends in the line that installs it.
    """
    if any(find_spec(module) is None for module in EXTRAS[extra]):
        words = f"expected the extra {extra}, was not installed; pip install 'loantwin[{extra}]'"
        raise ExtraError(words, file=file)
