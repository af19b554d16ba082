"""The environment every page is made in: what comes from a lender's file is shown, never obeyed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loantwin.errors import visible

if TYPE_CHECKING:
    import jinja2


def environment() -> jinja2.Environment:
    """Return a template environment that escapes markup and shows control and direction marks as escapes."""
    import jinja2
    from markupsafe import Markup

    def shown(value: Any) -> Any:
        if isinstance(value, Markup):
            return Markup(visible(value))  # noqa: S704  # markup already, and escapes add none
        return visible(value) if isinstance(value, str) else value

    return jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=shown,
    )
