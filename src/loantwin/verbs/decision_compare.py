"""`decision compare`: champion, challengers and shadows beside each other, and one test."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl

from loantwin.decisions.recording.recorded import SHADOW, recorded
from loantwin.decisions.rollout.automation import automation
from loantwin.decisions.rollout.rollout import CHALLENGER, CHAMPION
from loantwin.decisions.rollout.sample_size import cases_needed
from loantwin.decisions.rollout.sequential import Seen, Sequential, compared
from loantwin.decisions.scoring.told import origin
from loantwin.errors import UsageError, choice, expected
from loantwin.outlook.realised import LoanOutcome, loans_by_application, outcomes_of
from loantwin.twin import Twin, opened
from loantwin.types import Result

FIGURES = ("referred", "approved", "defaulted")
"""What may be tested: given to a person, approved, or in default within 12 months among loans."""


@dataclass(frozen=True)
class ArmFigures:
    """What an arm decided. applications : its own; of a shadow all beside which it decided.

    alone : share decided without a person. loans, defaults : of its approvals, those whose year is over.
    loss_rate : realised loss by money lent. at_equal_loss : share decided alone where it loses no more than
    the champion: approvals of the highest default go to a person. None where it is not known.
    """

    role: str
    policy: str
    model: str | None
    applications: int
    approve: int
    decline: int
    refer: int
    granted: float
    alone: float
    annual_pd: float | None
    loans: int
    defaults: int
    loss_rate: float | None
    at_equal_loss: float | None


@dataclass(frozen=True)
class ArmTest:
    """A challenger's share of one figure less the champion's, looked at every day.

    low, high : hold it at all looks together with 95 %. since : the first day on which no difference was
    ruled out. verdict : higher, lower or 'not shown'. needed : cases of champion and challenger that a look
    at a fixed time would need to find `looked_for`; None where the champion has no such share.
    """

    figure: str
    champion: str
    challenger: str
    champion_share: float | None
    challenger_share: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    days: int
    since: dt.date | None
    verdict: str
    looked_for: float
    needed: tuple[int, ...] | None


@dataclass(frozen=True)
class DecisionCompared(Result):
    """Arms of the latest experiment, and shadows beside it. salt : of its assignment, None without one."""

    SCHEMA: ClassVar[str] = "loantwin.decision_compare/1"

    salt: str | None
    first: dt.date
    last: dt.date
    figure: str
    arms: tuple[ArmFigures, ...]
    tests: tuple[ArmTest, ...]
    notes: tuple[str, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)


def decision_compare(
    twin: Twin | Path | str,
    *,
    figure: str = "referred",
    difference: float = 0.02,
    power: float = 0.8,
    loans: Path | str | None = None,
) -> DecisionCompared:
    """Compare what champion, challengers and shadows decided, with one sequential test of a figure.

    The test may be looked at every day: no difference is ruled out wrongly in at most 5 % of experiments,
    whatever the number of looks. Choose the figure before the first look: it holds for one.

    Parameters
    ----------
    twin : an open twin, or its folder. figure : referred, approved or defaulted. difference : what is looked
        for, a difference of shares; fixed before the first look. power : how often it must be found, for the
        number of cases needed. loans : a CSV with the columns application_id and loan_id; None: the loan of
        the application's own number.

    Raises
    ------
    UsageError : no decision of two arms, no such figure. LogError : a damaged log.
    """
    name = choice(figure, FIGURES, "figure")
    if not 0.0 < abs(difference) < 1.0:
        raise UsageError(expected("a difference of shares between 0 and 1", difference), field="difference")
    numbers = None if loans is None else loans_by_application(loans)
    with opened(twin) as twin:
        frame, salt = _latest(recorded(twin.home, twin.head[0]))
        found = outcomes_of(twin, frame["application_id"].unique().to_list(), numbers)
        frame = _joined(frame, found)
        arms = tuple(_arms(frame))
        champion = frame.filter(pl.col("role") == CHAMPION)
        tests = tuple(
            _test(name, champion, rival, difference, power)
            for _, rival in frame.filter(pl.col("role") == CHALLENGER).group_by(
                "decider_id", maintain_order=True
            )
        )
        return DecisionCompared(
            salt=salt,
            first=frame["day"].min(),  # type: ignore[arg-type]  # days
            last=frame["day"].max(),  # type: ignore[arg-type]
            figure=name,
            arms=arms,
            tests=tests,
            notes=tuple(_notes(arms, tests)),
            provenance=origin(twin),
        )


def _latest(frame: pl.DataFrame) -> tuple[pl.DataFrame, str | None]:
    """Return the decisions of the latest experiment with the shadows beside them; an applicant counts once.

    Without an experiment, all that has a shadow.
    """
    answered = frame.filter(pl.col("role") != SHADOW)
    salts = answered["salt"].drop_nulls()
    salt = None if not len(salts) else str(salts[-1])
    if salt is None:
        beside = frame.filter(pl.col("role") == SHADOW)["decision_id"].unique()
        chosen = answered.filter(pl.col("decision_id").is_in(beside.implode()))
    else:
        chosen = answered.filter(pl.col("salt") == salt)
    if not chosen.height:
        words = expected("recorded decisions of a challenger or a shadow", f"{answered.height} of one arm")
        raise UsageError(words, field="directory")
    chosen = chosen.unique("applicant", keep="first", maintain_order=True)
    shadows = frame.filter(
        (pl.col("role") == SHADOW) & pl.col("decision_id").is_in(chosen["decision_id"].implode())
    )
    named = pl.concat([chosen, shadows]).with_columns(
        pl.when(pl.col("role") == CHAMPION).then(pl.lit(CHAMPION)).otherwise("decider_id").alias("decider_id")
    )
    return named, salt


def _joined(frame: pl.DataFrame, found: Mapping[str, LoanOutcome]) -> pl.DataFrame:
    """Return decisions with what became of them: bad within a year, money lost; null where not known."""
    told = pl.DataFrame(
        [(name, loan.defaulted_in_year, loan.realised_loss) for name, loan in found.items()],
        schema={"application_id": pl.String, "bad": pl.Boolean, "lost": pl.Float64}, orient="row",
    )  # fmt: skip
    made = frame.join(told, on="application_id", how="left", maintain_order="left")
    mine = pl.col("outcome") == "approve"
    return made.with_columns(pl.when(mine).then(name).alias(name) for name in ("bad", "lost"))


def _arms(frame: pl.DataFrame) -> Iterator[ArmFigures]:
    """Yield each arm's figures, the champion first."""
    level: float | None = None
    order = {CHAMPION: 0, CHALLENGER: 1, SHADOW: 2}
    parts = [part for _, part in frame.group_by("role", "decider_id", maintain_order=True)]
    for part in sorted(parts, key=lambda part: order[part["role"][0]]):
        made = part.select(
            pl.col("outcome").replace_strict(
                {"approve": 1.0, "decline": 0.0}, default=None, return_dtype=pl.Float64
            ),
            pl.when(pl.col("bad").is_not_null()).then("amount").alias("lent"),
            pl.when(pl.col("bad").is_not_null()).then("lost").alias("lost"),
            "annual_pd",
        )
        outcome, lent, lost, default = (made[name].fill_null(math.nan).to_numpy() for name in made.columns)
        role = str(part["role"][0])
        told = automation(outcome, lent, lost, default, level)
        if role == CHAMPION:
            level = told.loss_rate
            told = automation(outcome, lent, lost, default, level)
        counts = {name: int((part["outcome"] == name).sum()) for name in ("approve", "decline", "refer")}
        pd = part["annual_pd"].drop_nulls()
        yield ArmFigures(
            role=role,
            policy=part["policy"][-1],
            model=part["model"][-1],
            applications=part.height,
            **counts,
            granted=float(part["amount"].sum()),
            alone=told.alone,
            annual_pd=float(pd.mean()) if len(pd) else None,  # type: ignore[arg-type]  # numbers
            loans=int(part["bad"].count()),
            defaults=int(part["bad"].sum() or 0),
            loss_rate=told.loss_rate,
            at_equal_loss=told.at_equal_loss,
        )


def _test(name: str, champion: pl.DataFrame, rival: pl.DataFrame, difference: float, power: float) -> ArmTest:
    """Return the test of one figure at the end of each day, and at the last."""
    days = sorted({*champion["day"], *rival["day"]})
    scale = abs(difference)
    both = [_by_day(part, name, days) for part in (champion, rival)]
    looks: list[Sequential] = [
        compared(Seen(*first), Seen(*second), scale=scale)
        for first, second in zip(*(item.tolist() for item in both), strict=True)
    ]
    told = looks[-1]
    since = next((day for day, look in zip(days, looks, strict=True) if look.decided), None)
    at = next((look for look in looks if look.decided), told)
    shares = [float(item[-1, 1] / item[-1, 0]) if item[-1, 0] else None for item in both]
    least = [look.p for look in looks if look.p is not None]
    verdict = "not shown" if since is None else "higher" if (at.difference or 0.0) > 0.0 else "lower"
    part = rival.height / (rival.height + champion.height) if champion.height else 0.5
    return ArmTest(
        figure=name,
        champion=_name(champion),
        challenger=_name(rival),
        champion_share=shares[0],
        challenger_share=shares[1],
        difference=told.difference,
        low=told.low,
        high=told.high,
        p=min(least) if least else None,
        days=len(days),
        since=since,
        verdict=verdict,
        looked_for=difference,
        needed=_needed(shares[0], difference, part, power),
    )


def _by_day(part: pl.DataFrame, name: str, days: list[dt.date]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return cases and events up to the end of each day, (D, 2)."""
    if name == "defaulted":
        told = part.filter(pl.col("bad").is_not_null()).select("day", event="bad")
    else:
        outcome = {"referred": "refer", "approved": "approve"}[name]
        told = part.select("day", event=pl.col("outcome") == outcome)
    counted = told.group_by("day").agg(pl.len().alias("cases"), pl.col("event").sum().alias("events"))
    whole = pl.DataFrame({"day": days}, schema={"day": pl.Date}).join(
        counted, on="day", how="left", maintain_order="left"
    )
    ordered = whole.sort("day").select(pl.col("cases", "events").fill_null(0).cast(pl.Int64).cum_sum())
    return ordered.to_numpy()


def _needed(share: float | None, difference: float, part: float, power: float) -> tuple[int, ...] | None:
    if share is None or not 0.0 < share < 1.0 or not 0.0 < share + difference < 1.0:
        return None
    return cases_needed(share, difference, part=part, power=power)


def _name(part: pl.DataFrame) -> str:
    if not part.height:
        return ""
    model = part["model"][-1]
    return str(part["policy"][-1]) + ("" if model is None else f", {model}")


def _notes(arms: tuple[ArmFigures, ...], tests: tuple[ArmTest, ...]) -> Iterator[str]:
    if tests:
        yield "the interval holds at every look, for one figure chosen before the first (assumed)"
    if not any(arm.loans for arm in arms):
        yield "no loan of an arm is a year old: realised loss and default are not shown"
    elif any(arm.role == SHADOW for arm in arms):
        yield "a shadow's loss is known where the answer was an approval too: of others nothing was lent"
