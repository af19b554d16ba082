"""Tables of `loantwin config show`."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from loantwin.interfaces.cli.tables.blocks import show_table


def render(console: Console, result: Any) -> None:
    """Print every setting, its value and where it comes from."""
    rows = [(name, str(item.value), item.origin) for name, item in result.settings.items()]
    show_table(console, "Settings", ("name", "value", "set by"), rows, words=3)
