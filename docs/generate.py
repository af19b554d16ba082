"""Write the pages that are generated from code: `python docs/generate.py` (tests fail where one is stale)."""

from __future__ import annotations

from pathlib import Path

from errors_page import errors_page
from reference_page import reference_page, results_page

from loantwin.book.schema_page import schema_page
from loantwin.events.reference import events_page

HERE = Path(__file__).resolve().parent
PAGES = {
    "schema.md": schema_page,
    "events.md": events_page,
    "errors.md": errors_page,
    "reference.md": reference_page,
    "results.md": results_page,
}


def main() -> None:
    """Write every generated page."""
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")
        print(f"docs/{name}")


if __name__ == "__main__":
    main()
