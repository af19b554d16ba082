"""A champion with its challengers and shadows: who answers whom, and what the others would have said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from loantwin.arrays import Floats, Integers
from loantwin.decisions.application_file import checked
from loantwin.decisions.deciding.answer import Decision
from loantwin.decisions.deciding.decider import Decider
from loantwin.decisions.deciding.scores import ScoreInUse
from loantwin.decisions.rollout.assignment import assigned
from loantwin.errors import InputError

CHAMPION, CHALLENGER = "champion", "challenger"
MODEL_STOPPED, POLICY_STOPPED = "model-stopped", "policy-stopped"


@dataclass(frozen=True)
class Challenger:
    """What decides a share of the applicants in the champion's place. share : above 0, at most 1."""

    decider: Decider
    share: float


@dataclass(frozen=True)
class Rollout:
    """Who decides. champion : what the challengers leave. shadows : decide beside, and are never answered.

    salt : of the assignment; another experiment has another, so that nobody is always the one it is tried on.
    """

    champion: Decider
    challengers: tuple[Challenger, ...] = ()
    shadows: tuple[Decider, ...] = ()
    salt: str = ""

    @property
    def deciders(self) -> tuple[Decider, ...]:
        """Return who may answer: the champion, then the challengers in their order."""
        return (self.champion, *(item.decider for item in self.challengers))

    @property
    def shares(self) -> tuple[float, ...]:
        """Return the challengers' shares."""
        return tuple(item.share for item in self.challengers)

    def arms(self, applications: pl.DataFrame) -> Integers:
        """Return who decides each of N applications, (N,): the place in `deciders`."""
        return assigned(self.salt, keys_of(applications), self.shares)

    def arm(self, application: Mapping[str, Any]) -> int:
        """Return who decides one application: the place in `deciders`."""
        key = application.get("applicant_id") or application["application_id"]
        return int(assigned(self.salt, [str(key)], self.shares)[0])

    def columns(self, applications: pl.DataFrame, *, on: date | None = None) -> pl.DataFrame:
        """Return the decisions on N applications in their order, as of `Decider.columns`, and `arm`.

        Raises
        ------
        UsageError, ModelError, ConfigError : as of `Decider.columns`.
        """
        frame = checked(applications)
        arms = self.arms(frame)
        parts: list[pl.DataFrame] = []
        for place in np.unique(arms):
            rows = (arms == place).nonzero()[0]
            made = self.deciders[place].columns(frame if len(rows) == len(frame) else frame[rows], on=on)
            parts.append(made.with_columns(pl.lit(int(place)).alias("arm"), pl.Series("row", rows)))
        return parts[0].drop("row") if len(parts) == 1 else pl.concat(parts).sort("row").drop("row")

    def granted(self, applications: pl.DataFrame, *, on: date | None = None) -> Floats:
        """Return the money granted to each of N applications by who decides it, (N,), 0 where none.

        Raises
        ------
        UsageError, ModelError, ConfigError : as of `Decider.columns`.
        """
        frame = checked(applications)
        arms, made = self.arms(frame), np.zeros(len(frame))
        for place in np.unique(arms):
            rows = (arms == place).nonzero()[0]
            made[rows] = self.deciders[place].granted(frame[rows], on=on)
        return made

    def beside(self, applications: pl.DataFrame, *, on: date | None = None) -> tuple[pl.DataFrame | str, ...]:
        """Return what each shadow would have answered; words why, where it cannot: an answer never hangs on
        one.
        """
        made: list[pl.DataFrame | str] = []
        for shadow in self.shadows:
            try:
                made.append(shadow.columns(applications, on=on))
            except InputError as problem:
                made.append(problem.message)
        return tuple(made)

    def beside_one(
        self, application: Mapping[str, Any], *, on: date | None = None
    ) -> tuple[Decision | str, ...]:
        """Return what each shadow would have answered to one application; words why, where it cannot."""
        made: list[Decision | str] = []
        for shadow in self.shadows:
            try:
                made.append(shadow.decide(application, on=on))
            except InputError as problem:
                made.append(problem.message)
        return tuple(made)

    def without(self, stopped: Mapping[str, str]) -> Rollout:
        """Return what is left where some scores or policies are stopped.

        A challenger's share falls to the champion. A champion refers everything: nothing else was chosen.

        Parameters
        ----------
        stopped : id of a score or hash of a policy -> words for who asks why.
        """
        if not stopped:
            return self
        left = tuple(item for item in self.challengers if why_stopped(item.decider, stopped) is None)
        shadows = tuple(item for item in self.shadows if why_stopped(item, stopped) is None)
        return replace(self, champion=refusing(self.champion, stopped), challengers=left, shadows=shadows)


def keys_of(applications: pl.DataFrame) -> list[str]:
    """Return what tells applicants apart, (N,): the lender's number of them, else of the application."""
    key = pl.col("application_id")
    if "applicant_id" in applications.columns:
        key = pl.coalesce(pl.col("applicant_id").cast(pl.String), key)
    return applications.select(key.cast(pl.String)).to_series().to_list()


def why_stopped(decider: Decider, stopped: Mapping[str, str]) -> tuple[str, str] | None:
    """Return code and words of why a decider may not decide, None where it may."""
    if decider.policy.hash in stopped:
        return POLICY_STOPPED, stopped[decider.policy.hash]
    if decider.score is not None and decider.score.id in stopped:
        return MODEL_STOPPED, stopped[decider.score.id]
    return None


def refusing(decider: Decider, stopped: Mapping[str, str]) -> Decider:
    """Return a decider as it is, or one that refers everything where it was stopped."""
    why = why_stopped(decider, stopped)
    if why is None:
        return decider
    use = decider.score or ScoreInUse(None, "", "", "")
    return replace(decider, score=replace(use, score=None, refused=why), value=None)
