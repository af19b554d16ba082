"""What prior models hold of the public record: charge-offs of a year, forecast at the end of the last one."""

from __future__ import annotations

import os
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

import loantwin as lt
from tests.verbs.test_priors import SERIES, public_record, snapshot, yearly_charge_offs

DATA = Path(os.environ.get("LOANTWIN_TEST_DATA", Path(__file__).resolve().parents[1] / "../shared/data"))


def run() -> list[dict[str, Any]]:
    """Return the share of years inside the 90 % interval, by product, with and without an economy."""
    rows = []
    for product, column in SERIES if DATA.is_dir() else ():
        record = public_record(DATA, column)
        for currency, words in (("USD", "with the economy known"), ("EUR", "without an economy")):
            found = {year: _looked_forward(product, year, currency) for year in record}
            held = [found[year][1] <= rate <= found[year][2] for year, rate in record.items()]
            most = max(rate / found[year][0] for year, rate in record.items())
            middle = np.median(np.array(list(found.values())), axis=0)
            rows.append(
                {
                    "work": f"{product}, {words}: years whose charge-offs the 90 % interval holds",
                    "reach": "> 0.8",
                    "measured": float(np.mean(held)),
                    "unit": "of years",
                    "detail": f"{len(held)} years; median forecast {middle[0]:.2f} % [{middle[1]:.2f}, "
                    f"{middle[2]:.2f}]; came {np.mean(list(record.values())):.2f} % on "
                    f"average; most that came over forecast {most:.1f}",
                }
            )
    return rows


def _looked_forward(product: str, year: int, currency: str) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        home = snapshot(Path(folder), product, date(year - 1, 12, 31), currency=currency, loans=1200)
        lt.fit(home, prior=product)
        return yearly_charge_offs(home, product)
