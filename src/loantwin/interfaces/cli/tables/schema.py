"""What `loantwin schema` prints: the schema itself, as JSON."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.text import Text


def render(console: Console, result: Any) -> None:
    """Print the JSON Schema."""
    console.print(Text(json.dumps(result.to_dict(), indent=1)), soft_wrap=True)
