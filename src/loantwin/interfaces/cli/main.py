"""The command line: a thin shell over the verbs. One command, one verb, one result."""

from __future__ import annotations

import inspect
import os
import sys
import warnings
from collections.abc import Callable
from typing import Annotated, Any, TextIO

import typer

from loantwin.errors import InputError, visible
from loantwin.interfaces.cli import (
    account_replay,
    backtest,
    backtest_rates,
    capital,
    collections_fit,
    collections_plan,
    compliance,
    components,
    concentration,
    config_show,
    curves,
    decide,
    decision_compare,
    decision_list,
    decision_stop,
    demo,
    evidence,
    fairness,
    fairness_search,
    fit,
    forecast,
    journal,
    levers_fit,
    loan,
    log_verify,
    loss,
    model_approve,
    model_list,
    model_place,
    model_register,
    model_reproduce,
    model_show,
    movement,
    policy_check,
    policy_diff,
    policy_simulate,
    policy_test,
    price,
    priors,
    process_check,
    process_run,
    process_simulate,
    provisions,
    ratings,
    report,
    review_assign,
    review_decide,
    review_list,
    schedule,
    schema,
    score_behaviour,
    score_card,
    score_cutoff,
    score_explain,
    score_predict,
    score_train,
    sensitivity,
    simulate,
    stress,
    survival_train,
    synthetic,
    tape_check,
    tape_map,
    twin_create,
    validate,
    why,
)
from loantwin.interfaces.cli.language import with_language
from loantwin.interfaces.cli.made_by import TYPED
from loantwin.interfaces.cli.panels import BEGIN, CONTRACT, DECIDE, INSIDE, LEARN
from loantwin.interfaces.cli.words import in_flags

app = typer.Typer(
    name="loantwin",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="""A digital twin for loan portfolios: one model for provisions, stress tests, decisions, learning.

    Start with [bold]loantwin demo[/bold], or with your own data:

    loantwin tape map TAPE --out my.toml   # what its columns mean: a mapping to edit

    loantwin tape check TAPE --format my.toml   # what is in it, what is wrong

    loantwin twin create DIR --tape TAPE --format my.toml --as-of 2005-12-31

    loantwin fit DIR --macro HISTORY.csv

    loantwin forecast DIR   # then provisions, stress, loss, report
    """,
)


GROUPS = [app]


def _group(name: str, panel: str, words: str) -> typer.Typer:
    group = typer.Typer(no_args_is_help=True, help=words)
    GROUPS.append(group)
    app.add_typer(group, name=name, rich_help_panel=panel)
    return group


TAPE = _group("tape", BEGIN, "Look at a loan tape before it becomes a book.")
TWIN = _group("twin", BEGIN, "Make a twin of a loan book.")
ACCOUNT = _group("account", CONTRACT, "The account of one loan.")
LOG = _group("log", INSIDE, "The twin's event log.")
MODEL = _group("model", LEARN, "The register of models: versions, approvals, champion and challengers.")
DECISION = _group(
    "decision", DECIDE, "Recorded decisions: what became of them, who decided better, who is stopped."
)
LEVERS = _group("levers", DECIDE, "What prices do, learnt from offers.")
POLICY = _group("policy", DECIDE, "Policies that analysts edit: check, test, compare, simulate.")
COLLECTIONS = _group("collections", DECIDE, "Which case past due gets which treatment.")
PROCESS = _group("process", DECIDE, "Cases and their steps: check, record, run with limited staff.")
REVIEW = _group("review", DECIDE, "Cases that people decide: the queue, who has them, four eyes.")
SCORE = _group("score", LEARN, "Scores of applicants and borrowers: train, judge, apply, choose a cut-off.")
SURVIVAL = _group("survival", LEARN, "When loans end: hazards by age and month.")
CONFIG = _group("config", INSIDE, "Settings and where each comes from.")

for command, place in (
    (demo, app),
    (synthetic, app),
    (tape_map, TAPE),
    (tape_check, TAPE),
    (twin_create, TWIN),
    (schedule, app),
    (account_replay, ACCOUNT),
    (fit, app),
    (priors, app),
    (curves, app),
    (components, app),
    (ratings, app),
    (score_behaviour, SCORE),
    (score_train, SCORE),
    (survival_train, SURVIVAL),
    (model_register, MODEL),
    (model_list, MODEL),
    (model_show, MODEL),
    (model_approve, MODEL),
    (model_place, MODEL),
    (model_reproduce, MODEL),
    (score_cutoff, SCORE),
    (score_predict, SCORE),
    (score_explain, SCORE),
    (score_card, SCORE),
    (forecast, app),
    (simulate, app),
    (report, app),
    (provisions, app),
    (movement, app),
    (journal, app),
    (loss, app),
    (capital, app),
    (concentration, app),
    (levers_fit, LEVERS),
    (decide, app),
    (evidence, app),
    (decision_list, DECISION),
    (decision_compare, DECISION),
    (decision_stop, DECISION),
    (price, app),
    (policy_check, POLICY),
    (policy_test, POLICY),
    (policy_diff, POLICY),
    (policy_simulate, POLICY),
    (collections_fit, COLLECTIONS),
    (collections_plan, COLLECTIONS),
    (process_check, PROCESS),
    (process_run, PROCESS),
    (process_simulate, PROCESS),
    (review_list, REVIEW),
    (review_assign, REVIEW),
    (review_decide, REVIEW),
    (stress, app),
    (sensitivity, app),
    (backtest, app),
    (backtest_rates, app),
    (fairness, app),
    (fairness_search, app),
    (validate, app),
    (compliance, app),
    (loan, app),
    (why, app),
    (log_verify, LOG),
    (config_show, CONFIG),
    (schema, app),
):
    command.register(place)


def _flowing(words: str) -> str:
    """Return help with one line a paragraph: typer's rich mode keeps the breaks of the source."""
    return "\n\n".join(" ".join(part.split()) for part in words.split("\n\n"))


for group in GROUPS:
    for registered in group.registered_commands:
        assert registered.callback is not None  # `register` gave it
        registered.help = _flowing(inspect.getdoc(registered.callback) or "")
        registered.callback = with_language(registered.callback)


def _version(asked: bool) -> None:
    if asked:
        import loantwin

        typer.echo(f"loantwin {loantwin.__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop."),
    ] = False,
) -> None:
    """Take the options that stand before any command."""


class _Shown:
    """Standard error on which control and direction marks are shown as escapes, whoever writes."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(visible(text))

    def isatty(self) -> bool:
        return False  # so that nothing is drawn with marks

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _complain(words: str) -> None:
    sys.stderr.write(f"loantwin: {visible(words)}\n")


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    _complain(f"warning: {message}")


def run(command: Callable[..., Any] | None = None) -> None:
    """Run the command line. Exit codes: 0 done, 2 bad usage or input, 1 internal failure, 130 interrupted."""
    # A process started without standard streams has none: what it says goes nowhere.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # lives as long as the process
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    warnings.showwarning = _warn
    TYPED.set(tuple(sys.argv[1:]))
    stderr = sys.stderr
    if any(
        visible(item) != item for item in sys.argv
    ):  # a usage error repeats what was typed, or a file's name
        sys.stderr = _Shown(stderr)
    try:
        (command or app)()
    except InputError as error:
        _complain(in_flags(error, app, sys.argv[1:]))
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
    except MemoryError as error:
        _complain(f"expected work that fits into memory, was: {error}; ask for fewer --paths or --months")
        sys.exit(2)
    except OSError as error:
        _complain(f"expected files that can be read and written, was: {error}")
        sys.exit(2)
    except Exception as error:  # noqa: BLE001  # the outermost frame: an internal failure is loud and has its own exit code
        import traceback

        sys.stderr.write(visible(traceback.format_exc()))
        _complain(f"internal failure, please report it: {type(error).__name__}: {error}")
        sys.exit(1)
    finally:
        sys.stderr = stderr
