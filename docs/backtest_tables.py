"""Print the tables of backtest.md from what `loantwin backtest --json` wrote:
`python docs/backtest_tables.py FILE.json ...`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

RIVALS = {
    "last year's rate": "last year",
    "age-standardised last level": "age std.",
    "vintage curve": "vintage",
    "roll-rate matrix": "roll rates",
    "logistic regression": "logistic",
    "equal mean": "equal mean",
    "combination": "combination",
}
VIEWS = {"given_macro": "given", "generated_macro": "generated"}


def share(value: float | None) -> str:
    """Return a share with two decimals."""
    return "–" if value is None else f"{value:.2f}"


def row(*cells: object) -> str:
    """Return one row of a Markdown table."""
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def apart_table(document: dict[str, Any]) -> list[str]:
    """Return losses as numbers, exposure per case, severity and money, summed over scored origins."""
    parts = {"number": ",.0f", "exposure_per_case": ",.0f", "severity": ".2f", "amount": ",.0f"}
    lines = [
        row("months", "economy", "origins", *(name.replace("_", " ") for name in parts)),
        "|---:|---|---:|" + "---:|" * len(parts),
    ]
    for view, words in VIEWS.items():
        for item in document[view].get("apart", ()):
            if item["origin"] is None:
                lines.append(row(item["horizon"], words, item["origins"], *(
                    beside(item[name], form) for name, form in parts.items()
                )))  # fmt: skip
    return lines


def beside(part: dict[str, Any], form: str) -> str:
    """Return forecast over what came, and the two figures."""
    if part["forecast"] is None or not part["came"]:
        return "–"
    return f"{part['forecast'] / part['came']:.2f} ({part['forecast']:{form}} / {part['came']:{form}})"


def accuracy_table(document: dict[str, Any], part: str) -> list[str]:
    """Return accuracies of twin and rivals; bold where a rival is better than the twin."""
    figures = {view: document[view][part] for view in VIEWS}
    names = list(
        dict.fromkeys(
            n for by in figures["given_macro"].values() for item in by.values() for n in item["rivals"]
        )
    )
    head = (
        "figure",
        "months",
        "economy",
        "twin",
        *(RIVALS[n] for n in names),
        "ceiling",
        "fit expects",
        "bias",
        "cells",
        "events",
    )
    lines = [row(*head), "|---|---:|---|" + "---:|" * (len(head) - 3)]
    for figure in figures["given_macro"]:
        for horizon in figures["given_macro"][figure]:
            for view, words in VIEWS.items():
                item = figures[view][figure][horizon]
                if not item["observations"] or item["accuracy"] is None:
                    continue
                rivals = [item["rivals"].get(n) for n in names]
                shown = [
                    f"**{share(v)}**" if v is not None and v > item["accuracy"] + 0.005 else share(v)
                    for v in rivals
                ]
                floor = item["noise_floor"]
                lines.append(
                    row(
                        figure.replace("_", "-"), horizon, words, share(item["accuracy"]), *shown,
                        share(floor["names"]), share(floor["latent"]), f"{100 * item['bias']:+.0f} %",
                        item["observations"], f"{item['events']:,.0f}",
                    )
                )  # fmt: skip
    return lines


def interval_table(document: dict[str, Any]) -> list[str]:
    """Return coverage, width and CRPS beside the best rival's, given the macro path that came."""
    head = (
        "figure",
        "months",
        "economy",
        "in 50 %",
        "in 90 %",
        "bootstrap",
        "ties spread",
        "width",
        "at equal coverage",
    )
    head += ("best rival's", "CRPS", "best rival's")
    lines = [row(*head), "|---|---:|---|" + "---:|" * (len(head) - 3)]
    for figure, by in document["given_macro"]["figures"].items():
        for horizon in by:
            for view, words in VIEWS.items():
                item = document[view]["figures"][figure][horizon]
                if not item["observations"]:
                    continue
                ranged = [
                    rival
                    for rival in item["rival_scores"].values()
                    if rival["crps"] is not None and not rival["holds_twin"]
                ]
                scale = 1.0 if item["unit"] == "loans" else 1e6
                between = (
                    "–"
                    if item["coverage90_low"] is None
                    else f"{item['coverage90_low']:.2f} to {item['coverage90_high']:.2f}"
                )
                best = [
                    f"{min(rival[name] for rival in ranged) / scale:,.1f}" if ranged else "–"
                    for name in ("width90_equal", "crps")
                ]
                lines.append(
                    row(
                        figure.replace("_", "-"), horizon, words, share(item["coverage50"]),
                        share(item["coverage90"]), between, share(item["coverage90_untied"]),
                        f"{item['width90'] / scale:,.1f}", f"{item['width90_equal'] / scale:,.1f}", best[0],
                        f"{item['crps'] / scale:,.2f}", best[1],
                    )
                )  # fmt: skip
    return lines


def pooled_lines(document: dict[str, Any]) -> list[str]:
    """Return coverage over all horizons, by figure and view."""
    made = []
    for view, words in VIEWS.items():
        for figure, item in document[view]["pooled"].items():
            if item is None:
                continue
            low, high = item["coverage90_low"], item["coverage90_high"]
            between = "" if low is None else f" ({low:.3f} to {high:.3f})"
            untied, least, most = (item[f"coverage90_untied{end}"] for end in ("", "_low", "_high"))
            spread = "" if least is None else f" ({least:.3f} to {most:.3f})"
            made.append(
                f"- {figure.replace('_', '-')}, {words}: {item['coverage90']:.3f} of {item['observations']} "
                f"cells{between}; ties spread {untied:.3f}{spread}: **{item['verdict']}**"
            )
    return made


def losses(document: dict[str, Any], part: str = "figures") -> list[str]:
    """Return where the twin loses, and how surely."""
    made = []
    for view, words in VIEWS.items():
        for figure, by in document[view][part].items():
            for horizon, item in by.items():
                for rival in item["rival_scores"].values():
                    if rival["verdict"].startswith("loses") and not rival["holds_twin"]:
                        made.append(
                            f"- {figure.replace('_', '-')}, {horizon} months, {words}: {rival['verdict']}"
                        )
    return made


def main() -> None:
    """Print all tables of each file."""
    for name in sys.argv[1:]:
        document = json.loads(Path(name).read_text(encoding="utf-8"))
        scored = [origin["date"] for origin in document["origins"] if origin["skipped"] is None]
        few = {origin["date"]: origin["prior_only"] for origin in document["origins"] if origin["prior_only"]}
        print(f"## {name}: {len(scored)} origins, {scored[0]} to {scored[-1]}; prior only: {few}\n")
        units = {next(iter(by.values()))["unit"] for by in document["given_macro"]["figures"].values()}
        parts = ["figures", "total", *(["amounts"] if "loans" in units else [])]
        for part in parts:
            print(f"### {part}\n", *accuracy_table(document, part), "", sep="\n")
        if any(document[view].get("apart") for view in VIEWS):
            print("### apart\n", *apart_table(document), "", sep="\n")
        print("### intervals\n", *interval_table(document), "", *pooled_lines(document), "", sep="\n")
        print("### loses\n", *losses(document), "", "in money:", *losses(document, "amounts"), "", sep="\n")


if __name__ == "__main__":
    main()
