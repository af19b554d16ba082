"""Draw the pictures of `docs/gallery.md` by `.plot()` on the example book: `python docs/draw_gallery.py`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import loantwin as lt
from loantwin.synthesis.example_book import ExampleBook
from loantwin.twin import Twin

IMAGES = Path(__file__).resolve().parent / "images"
PICTURES: dict[str, Callable[[Twin, ExampleBook], Any]] = {
    "forecast": lambda twin, _: lt.forecast(twin, months=24, paths=400),
    "provisions": lambda twin, _: lt.provisions(twin, "ifrs9"),
    "stress": lambda twin, book: lt.stress(
        twin, [book.scenario(name) for name in ("Baseline", "Adverse", "Severe")], align="start"
    ),
    "loss": lambda twin, _: lt.loss(twin, months=12, confidence=0.99, paths=4000),
    "capital": lambda twin, _: lt.capital(twin, any_date=True),
    "concentration": lambda twin, _: lt.concentration(twin, resamples=50),
    "vintages": lambda twin, _: lt.curves(twin, kind="vintages", by="year"),
    "roll-rates": lambda twin, _: lt.curves(twin, kind="roll-rates"),
    "components": lambda twin, _: lt.components(twin, months=12),
}
"""Name of the picture -> what is drawn."""


def main() -> None:
    """Make the example twin and draw every picture."""
    book = lt.example_book()
    home = book.folder.parent / "gallery"
    lt.twin_create(home, book.tape, book.mapping, book.as_of)
    lt.fit(home, [book.macro])
    twin = lt.open(home)
    for name, made in PICTURES.items():
        target = IMAGES / f"gallery-{name}.png"
        made(twin, book).plot().savefig(target, dpi=90)
        print(target.name, f"{target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
