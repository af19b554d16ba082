"""What codes and abbreviations in tables mean, said below them once a command."""

from __future__ import annotations

import re
from collections.abc import Sequence

WORDS = {
    r"dpd[ _](\d+)[ _](\d+)": "dpd {0} {1}: payments are {0} to {1} days late",
    r"default[ _](\d+)[ _](\d+)": "default {0} {1}: in default for {0} to {1} months",
    r"stage [12]|by stage|before stage": "stage 1: no significant rise of credit risk, losses of 12 months; "
    "stage 2: risk has risen significantly, losses of the whole life; stage 3: credit-impaired (IFRS 9)",
    r"special.mention": "classes from best to worst: normal, special mention, substandard, doubtful, loss",
    r"EAD|at default": "at default: exposure if the loan defaulted today, undrawn lines included",
    r"RWA": "RWA: risk-weighted assets",
    r"CET1|CET1 .*": "CET1: common equity tier 1 capital",
    r"IRB": "IRB: the bank's own estimates of risk, internal ratings-based",
    r"PD": "PD: probability of default",
    r"VaR": "VaR: value at risk, the loss that is passed with one minus the confidence",
    r"ES": "ES: expected shortfall, the mean of losses beyond the VaR",
    r"CRPS": "CRPS: distance of a whole forecast distribution from what came, in the unit of the figure; "
    "less is better",
    r"accuracy": "accuracy: 1 less the sum of errors, without sign, over the sum of what came; 1 is perfect",
    r"Herfindahl": "Herfindahl index: sum of squared shares; 1/n is a book of n equal names",
    r"log-odds": "log-odds: +0.1 makes the odds of the move about 10 % larger",
    r"distance": "distance: standard deviations from the economy that the generator expects",
    r"NR": "NR: not rated any more",
}
"""A pattern that stands as a word in a heading or a name -> what it means; {0} is what its group found."""


def explained(texts: Sequence[str]) -> list[str]:
    """Return the meaning of every code that stands in texts, in the order of the table above."""
    whole = "\n".join(dict.fromkeys(texts))
    made = []
    for pattern, words in WORDS.items():
        found = re.findall(rf"(?<![\w-]){'(?:' + pattern + ')'}(?![\w-])", whole)
        groups = re.compile(pattern).groups
        made += (
            [words.format(*groups_of) for groups_of in sorted(set(found), key=_number)]
            if groups
            else ([words] if found else [])
        )
    return made


def _number(found: tuple[str, ...]) -> int:
    return int(found[0])
