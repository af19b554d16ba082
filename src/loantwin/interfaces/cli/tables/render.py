"""Results as tables people read: which file shows which result."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module

from rich.console import ConsoleOptions, RenderableType
from rich.segment import Segment

from loantwin.errors import visible
from loantwin.interfaces.cli.tables.blocks import Screen, show_notes
from loantwin.interfaces.cli.tables.codes import explained
from loantwin.types import ModelResult, Result

PIPED_WIDTH = 150
"""Columns of tables that go to a file or another program, where no terminal states its width."""

TABLES = {
    "account": "account_replay",
    "backtest": "backtest",
    "backtest-rates": "backtest_rates",
    "capital": "capital",
    "capital-explanation": "capital",
    "collections_fit": "collections_fit",
    "collections_plan": "collections_plan",
    "compliance": "compliance",
    "components": "components",
    "concentration": "concentration",
    "config": "config_show",
    "decide": "decide",
    "evidence": "evidence",
    "decision_compare": "decision_compare",
    "decision_list": "decision_list",
    "decision_stop": "decision_stop",
    "demo": "demo",
    "fairness": "fairness",
    "fairness_search": "fairness_search",
    "fit": "fit",
    "forecast": "forecast",
    "simulate": "simulate",
    "journal": "journal",
    "levers_fit": "levers_fit",
    "loan": "loan",
    "log": "log_verify",
    "loss": "loss",
    "loss-models": "loss",
    "model_approve": "model_approve",
    "model_list": "model_list",
    "model_place": "model_place",
    "model_register": "model_register",
    "model_reproduce": "model_reproduce",
    "model_show": "model_show",
    "movement": "movement",
    "policy_check": "policy_check",
    "policy_diff": "policy_diff",
    "policy_simulate": "policy_simulate",
    "policy_test": "policy_test",
    "price": "price",
    "priors": "priors",
    "process_check": "process_check",
    "process_run": "process_run",
    "process_simulate": "process_simulate",
    "provisions": "provisions",
    "provisions-explanation": "provisions",
    "ratings": "ratings",
    "report": "report",
    "review_assign": "review_assign",
    "review_decide": "review_decide",
    "review_list": "review_list",
    "roll_rates": "curves",
    "schedule": "schedule",
    "schema": "schema",
    "score_cutoff": "score_cutoff",
    "score_behaviour": "score_behaviour",
    "score_card": "score_card",
    "score_explain": "score_explain",
    "score_predict": "score_predict",
    "score_train": "score_train",
    "sensitivity": "sensitivity",
    "stress": "stress",
    "survival_train": "survival_train",
    "synthetic": "synthetic",
    "tape_check": "tape_check",
    "tape_map": "tape_map",
    "twin": "twin_create",
    "validate": "validate",
    "vintages": "curves",
    "why": "why",
}
"""By the name in a result's schema, the module beside this one that shows it: `render(console, result)`."""


class _Output(Screen):
    """A console that leaves a closed pipe to its caller, and lets no text from a file steer the terminal."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yield what is shown with control and direction marks as escapes: names come from files."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else visible(text), style, control)


def render(result: Result, width: int | None = None) -> None:
    """Print a result on standard output, `width` columns wide; None: the terminal's."""
    if width is None and not sys.stdout.isatty():
        width = PIPED_WIDTH
    console = _Output(getattr(result, "currency", "") or "", width=width)
    name = result.SCHEMA.removeprefix("loantwin.").split("/")[0]
    import_module(f"{__package__}.{TABLES[name]}").render(console, result)
    if isinstance(result, ModelResult) and result.prior_only:
        started = "" if result.prior is None else f" (the prior model {result.prior})"
        show_notes(
            console,
            "Prior only: what this lender's own events are too few to tell",
            (f"belief, not evidence{started}: " + ", ".join(result.prior_only),),
        )
    show_notes(console, "Words", explained(console.shown))
