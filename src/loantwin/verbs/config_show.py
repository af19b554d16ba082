"""`config show`: every setting, its value and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from loantwin.config import load
from loantwin.types import Result


@dataclass(frozen=True)
class ShownSetting:
    """One setting as the command prints it."""

    value: float | int | str | bool
    origin: str


@dataclass(frozen=True)
class ConfigShown(Result):
    """Every setting, its value and its origin."""

    SCHEMA = "loantwin.config/1"

    settings: Mapping[str, ShownSetting]


def config_show(directory: Path | str | None = None) -> ConfigShown:
    """Return every setting with its value and where it comes from.

    Parameters
    ----------
    directory : a twin's home, or None for defaults and environment alone.

    Raises
    ------
    ConfigError : an unknown setting or a bad value; HomeError : `directory` is no twin's home.
    """
    file = None
    if directory is not None:
        from loantwin.events.home import Home

        Home.open(Path(directory)).close()
        file = Path(directory) / "twin.toml"
    _, settings = load(file)
    return ConfigShown({item.name: ShownSetting(item.value, item.origin) for item in settings})  # type: ignore[arg-type]  # checked by load
