"""What the environment runs on: the twin's own step tables and an economy drawn by its generator.

They are made from an outlook, for any horizon and number of paths. `fit` stores one set as an event, which
names the model it was made from: a cache, read where it still holds and made anew where it does not.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from loantwin.engine.step.economy import StepEconomy
from loantwin.engine.step.store import environment_from_dict, environment_to_dict
from loantwin.engine.step.tables import StepTables
from loantwin.errors import UsageError, expected
from loantwin.events.event import Event
from loantwin.events.fold import FOLDED
from loantwin.kept import Source
from loantwin.macro.covariates import evaluate
from loantwin.macro.generator import simulate
from loantwin.models.forecasting import macro_share
from loantwin.models.relevel import log_factors
from loantwin.outlook.lending import step_tables
from loantwin.outlook.outlook import SOURCES, Outlook
from loantwin.twin import Twin

STORED_MONTHS = 36
STORED_PATHS = 64
"""Length and number of the macro paths that `fit` stores, and the least an environment draws from."""
EVENT = "EnvironmentTablesSaved"


def environment(
    twin: Twin, months: int = STORED_MONTHS, paths: int = STORED_PATHS
) -> tuple[StepTables, StepEconomy]:
    """Return step tables of the book under a constant balance, and the economy its episodes are drawn from.

    Parameters
    ----------
    months : length of an episode; tables reach at least `STORED_MONTHS`, so that a shorter episode is a
        beginning of the usual one. paths : number of macro paths that episodes draw from.

    Raises
    ------
    HomeError : a twin that was not fitted. UsageError : a book that cannot be stepped (all of it in default),
        less than a month or a path.
    """
    if months < 1:
        raise UsageError(expected("at least 1 month", months), field="months")
    if paths < 1:
        raise UsageError(expected("at least 1 path", paths), field="paths")
    length = max(months, STORED_MONTHS)

    def make() -> tuple[StepTables, StepEconomy]:
        stored = _stored(twin) if (length, paths) == (STORED_MONTHS, STORED_PATHS) else None
        return made(Outlook(twin), length, paths) if stored is None else stored

    sources: tuple[Source, ...] = (*SOURCES, "environment")
    settings = (twin.config.run.seed, twin.config.economics)
    return twin.store.get("outlook.environment", sources, make, (length, paths, settings))


def saved(twin: Twin, model_blob: str) -> Event:
    """Return the event that stores the tables of a twin and names the model they are made from."""
    blob = twin.home.put_json(environment_to_dict(*made(Outlook(twin), STORED_MONTHS, STORED_PATHS)))
    data = {
        "tables_blob": blob,
        "as_of": twin.as_of.isoformat(),
        "model_blob": model_blob,
        "facts": _settings(twin),
    }
    return Event(EVENT, twin.as_of, data)


def _stored(twin: Twin) -> tuple[StepTables, StepEconomy] | None:
    """Return the stored tables where model, book and settings are still those they were made from."""
    event, fitted = twin.last(EVENT), twin.fitted
    if event is None or twin.learnt is not None or event.data["as_of"] != twin.as_of.isoformat():
        return None
    if event.sequence < fitted.sequence or event.data.get("model_blob", "") not in (
        "",  # written before the model was named, right after it
        fitted.data["model_blob"],
    ):
        return None
    if twin.home.log.types(event.sequence, twin.head[0]) & set(FOLDED):
        return None
    if event.data.get("facts", _settings(twin)) != _settings(twin):
        return None
    return environment_from_dict(twin.home.read_json(event.data["tables_blob"]))


def _settings(twin: Twin) -> dict[str, Any]:
    return {"seed": twin.config.run.seed, "economics": asdict(twin.config.economics)}


def made(outlook: Outlook, horizon: int, paths: int) -> tuple[StepTables, StepEconomy]:
    """Return step tables over months 1..horizon and an economy of that many paths, made from an outlook."""
    generator, first = outlook.twin.generator, outlook.month0
    start = min(generator.first, first)
    drawn = simulate(
        generator,
        max(start, generator.first),
        first + horizon - start + 1,
        paths,
        outlook.twin.config.run.seed,
    )
    covariates = evaluate(outlook.twin.model.covariates, drawn, first, first + horizon, outlook.twin.history)
    processes = outlook.twin.model.processes
    economy = StepEconomy(
        covariates=covariates,
        phi=np.array([process.phi for process in processes]),
        sigma=np.array([process.sigma for process in processes]),
        start=np.array([process.mean for process in processes]),
        start_deviation=np.array([process.variance**0.5 for process in processes]),
        moved=None
        if outlook.twin.model.relevel is None
        else log_factors(outlook.twin.model.relevel, outlook.twin.model.parameters, horizon),
        share=macro_share(outlook.twin.model, covariates[:, 1:]),
    )
    tables = step_tables(
        outlook, outlook.simulated(horizon, paths, outlook.twin.config.run.seed), horizon, "constant-balance"
    )
    return tables, economy
