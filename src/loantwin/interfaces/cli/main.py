"""The command line: a thin shell over the verbs. One command, one verb, one result."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from loantwin.errors import HomeError, InputError
from loantwin.interfaces.cli import backtest as backtesting
from loantwin.interfaces.cli import backtest_rates
from loantwin.interfaces.cli import capital as capitalising
from loantwin.interfaces.cli import components as decomposing
from loantwin.interfaces.cli import concentration as concentrating
from loantwin.interfaces.cli import curves as histories
from loantwin.interfaces.cli import loss as losing
from loantwin.interfaces.cli import movement as moving
from loantwin.interfaces.cli import provisions as providing
from loantwin.interfaces.cli import ratings as rating
from loantwin.interfaces.cli import sensitivity as sensitivities
from loantwin.interfaces.cli import stress as stressing
from loantwin.interfaces.cli.options import (
    Align,
    AsJson,
    Assume,
    Format,
    Home,
    Paths,
    Scenarios,
    Seed,
    day,
    finish,
)
from loantwin.interfaces.cli.progress import shown

app = typer.Typer(
    name="loantwin",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="""A digital twin for loan portfolios: one model for provisions, stress tests, decisions, learning.

    Start with [bold]loantwin demo[/bold], or with your own data:

    loantwin tape check TAPE --format sba   # what is in the tape, what is wrong with it

    loantwin twin create DIR --tape TAPE --format sba --as-of 2005-12-31

    loantwin fit DIR --macro HISTORY.csv

    loantwin forecast DIR   # then provisions, stress, loss, report
    """,
)
tape_app = typer.Typer(no_args_is_help=True, help="Look at a loan tape before it becomes a book.")
twin_app = typer.Typer(no_args_is_help=True, help="Make a twin of a loan book.")
log_app = typer.Typer(no_args_is_help=True, help="The twin's event log.")
config_app = typer.Typer(no_args_is_help=True, help="Settings and where each comes from.")
app.add_typer(tape_app, name="tape")
app.add_typer(twin_app, name="twin")
app.add_typer(log_app, name="log")
app.add_typer(config_app, name="config")
backtesting.register(app)
backtest_rates.register(app)
capitalising.register(app)
concentrating.register(app)
decomposing.register(app)
moving.register(app)
providing.register(app)
histories.register(app)
rating.register(app)
sensitivities.register(app)
losing.register(app)
stressing.register(app)


@tape_app.command("check")
def tape_check(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="The tape: CSV (also gzipped), Parquet or Excel.")
    ],
    format: Format,  # noqa: A002  # the command's word
    quarantine: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write rejected rows and warnings to this CSV.")
    ] = None,
    assume: Assume = None,
    json: AsJson = False,
) -> None:
    """Say what is in a tape and what is wrong with it, row by row. Writes nothing unless --quarantine is
    given.
    """
    import loantwin as lt

    with shown("reading the tape"):
        result = lt.tape_check(file, format, quarantine=quarantine, assume=assume or ())
    finish(result, json)


@twin_app.command("create")
def twin_create(
    directory: Home,
    tape: Annotated[
        Path, typer.Option(metavar="FILE", help="The tape: CSV (also gzipped), Parquet or Excel.")
    ],
    format: Format,  # noqa: A002  # the command's word
    as_of: Annotated[
        str,
        typer.Option(
            "--as-of", metavar="YYYY-MM-DD", help="The date at which the book is looked at (end of day)."
        ),
    ],
    assume: Assume = None,
    json: AsJson = False,
) -> None:
    """Read a tape and make a twin's home of it. The whole tape is kept; every figure uses what was known at
    --as-of.
    """
    import loantwin as lt

    date = day(as_of, "--as-of")
    assert date is not None  # --as-of is required
    with shown("reading the tape"):
        result = lt.twin_create(directory, tape, format, date, assume=assume or ())
    finish(result, json)


@app.command("fit")
def fit(
    directory: Home,
    macro: Annotated[
        list[Path],
        typer.Option(
            metavar="FILE", help="A macro history (Fed table, FRED series, own CSV or TOML); repeatable."
        ),
    ],
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The transition model: logit (the default), or a package's."),
    ] = None,
    model_from: Annotated[
        Path | None,
        typer.Option(
            "--model-from",
            metavar="DIR",
            help="Take over the model of another fitted twin, for a book without a history.",
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """Learn from the lender's history: transitions, loss given default, prepayment, and a generator of macro
    paths.
    """
    import loantwin as lt

    with shown("fitting") as progress:
        result = lt.fit(directory, macro, model=model, model_from=model_from, progress=progress)
    finish(result, json)


@app.command("forecast")
def forecast(
    directory: Home,
    months: Annotated[int | None, typer.Option(min=1, help="Horizon in months (default 36).")] = None,
    paths: Paths = None,
    scenario: Annotated[
        str | None,
        typer.Option(
            metavar="FILE[#NAME]", help="A given macro path; without it the generator's paths are used."
        ),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|NAME",
            help="A policy that sets the levers each month (neutral, prudent, or a TOML file).",
        ),
    ] = None,
    new_lending: Annotated[
        str,
        typer.Option("--new-lending", metavar="none|constant-balance|FILE", help="The plan for new loans."),
    ] = "none",
    align: Align = None,
    seed: Seed = None,
    json: AsJson = False,
) -> None:
    """Run the book forward: balances, payments, defaults, charge-offs and recoveries by month, with 90 %
    intervals.
    """
    import loantwin as lt

    with shown("running the book forward") as progress:
        result = lt.forecast(
            directory,
            months=months,
            paths=paths,
            scenario=scenario,
            policy=policy,
            new_lending=new_lending,
            align=align,
            seed=seed,
            progress=progress,
        )
    finish(result, json)


@app.command("report")
def report(
    directory: Home,
    out: Annotated[Path, typer.Option(metavar="FILE.html", help="The page to write.")] = Path("report.html"),
    scenario: Scenarios = None,
    align: Align = None,
    json: AsJson = False,
) -> None:
    """Write one self-contained page with pictures: the book, the fit, the forecast, provisions, stress and
    losses.
    """
    from loantwin.interfaces.report.report.report import report as build

    with shown("writing the report") as progress:
        result = build(directory, out, scenarios=scenario or (), align=align, progress=progress)
    finish(result, json)


@app.command("synthetic")
def synthetic(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to write.")],
    loans: Annotated[int, typer.Option(min=1, help="Number of loans.")] = 100_000,
    months: Annotated[int, typer.Option(min=2, help="Months of history.")] = 60,
    seed: Annotated[int, typer.Option(min=0, help="Seed: the same seed gives the same bytes.")] = 1,
    as_tape: Annotated[
        str | None,
        typer.Option("--as-tape", metavar="sba|mapping", help="Also write it as a raw lender's tape."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Make a synthetic book with a monthly history from a known truth, which is saved beside it."""
    import loantwin as lt

    with shown("making a synthetic book") as progress:
        result = lt.synthetic(
            directory, loans=loans, months=months, seed=seed, as_tape=as_tape, progress=progress
        )
    finish(result, json)


@app.command("demo")
def demo(
    loans: Annotated[int, typer.Option(min=1000, help="Number of loans.")] = 100_000,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder to write.")] = Path("demo"),
    json: AsJson = False,
) -> None:
    """Do the whole main job on a synthetic book of five years and write its report."""
    from loantwin.interfaces.demo import demo as run_demo

    with shown("demo") as progress:
        result = run_demo(out, loans=loans, progress=progress)
    finish(result, json)


@log_app.command("verify")
def log_verify(directory: Home, json: AsJson = False) -> None:
    """Check the log's hash chain and every blob, and list files that no event names."""
    import loantwin as lt

    result = lt.log_verify(directory)
    if not result.ok:
        found = "; ".join(result.problems)
        raise HomeError(
            f"expected a sound log and whole blobs, was: {found}; restore the home from a copy",
            file=directory,
        )
    finish(result, json)


@config_app.command("show")
def config_show(
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="The twin's home; without it the defaults and the environment."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Show every setting, its value and where the value comes from."""
    import loantwin as lt

    finish(lt.config_show(directory), json)


def _complain(words: str) -> None:
    sys.stderr.write(f"loantwin: {words}\n")


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    _complain(f"warning: {message}")


def run(command: Callable[..., Any] | None = None) -> None:
    """Run the command line. Exit codes: 0 done, 2 bad usage or input, 1 internal failure, 130 interrupted."""
    # A process started without standard streams has none: what it says goes nowhere.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # lives as long as the process
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    warnings.showwarning = _warn
    try:
        (command or app)()
    except InputError as error:
        _complain(str(error))
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

        traceback.print_exc()
        _complain(f"internal failure, please report it: {type(error).__name__}: {error}")
        sys.exit(1)
