"""The door to scores that may decide: `registered(twin).champion(NAME)` is a score with its id and versions.

What decides (`decide`) or reads a score into a twin takes it from here, so that one that nobody approved,
that was refused or that is past its last day is never used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from loantwin.clock import Clock
from loantwin.decisions.scoring.standing import past, standing, why_not
from loantwin.errors import ModelError, UsageError, expected
from loantwin.events.home import Home
from loantwin.events.register import CHALLENGER, CHAMPION, TRANSITION, Model, Register, read_register
from loantwin.models.scoring.store import Score, from_text


class Viewed(Protocol):
    """What is read of a twin: its home, the last event that the view holds, its clock."""

    @property
    def home(self) -> Home: ...
    @property
    def head(self) -> tuple[int, str]: ...
    @property
    def clock(self) -> Clock: ...


@dataclass(frozen=True)
class RegisteredScore:
    """A score that may decide.

    number : version of its name. versions : package -> version it was trained with. hash : sha256 of its
    text. place : champion, challenger or None. share : of cases that it decides, 0 to 1; a champion has what
    its challengers leave. expires : its last day, None for no end.
    """

    id: str
    name: str
    number: int
    kind: str
    score: Score
    versions: Mapping[str, str]
    hash: str
    place: str | None
    share: float
    expires: date | None


@dataclass(frozen=True)
class Registered:
    """The register of a home with its scores; days are in UTC, None is the clock's day.

    register : all that the view holds. known : what was recorded later is not seen; None: on each question
    the day asked for, so that a past day is answered as it was answered then.
    """

    home: Home
    register: Register
    today: date
    known: date | None = None

    def champion(self, name: str, on: date | None = None) -> RegisteredScore:
        """Return the champion of a name on a day.

        Raises
        ------
        ModelError : none on that day, or one that is not approved, was refused or is expired.
        """
        day, seen = self._seen(on)
        found = standing(seen, name, day)
        if name == TRANSITION or found.champion is None:
            names = sorted({item.name for item in seen.models.values()} - {TRANSITION})
            there = f"; scores are registered for {', '.join(names)}" if names else "; none is registered"
            raise ModelError(
                expected(f"a champion of {name} on {day}", "none") + there, file=self.home.folder
            )
        share = max(0.0, 1.0 - sum(found.shares.values()))
        self._check(seen, seen.models[found.champion], day)
        return self._taken(seen.models[found.champion], CHAMPION, share)

    def challengers(self, name: str, on: date | None = None) -> tuple[RegisteredScore, ...]:
        """Return the challengers of a name on a day, the largest share first; one of share 0 only watches.

        Raises
        ------
        ModelError : one with a share that is not approved or was refused, or any that is expired.
        """
        day, seen = self._seen(on)
        shares = standing(seen, name, day).shares
        order = sorted(shares, key=lambda number: (-shares[number], number))
        for number in order:
            self._check(seen, seen.models[number], day, decides=shares[number] > 0.0)
        return tuple(self._taken(seen.models[number], CHALLENGER, shares[number]) for number in order)

    def score(self, model: str, on: date | None = None) -> RegisteredScore:
        """Return a score by its id or NAME/VERSION, whatever its place; its share is 1.

        Raises
        ------
        UsageError : no such model, or a transition model. ModelError : not approved, refused or expired.
        """
        day, seen = self._seen(on)
        found = seen.find(model)
        if found.kind == TRANSITION:
            raise UsageError(expected("a score", f"{found.words}, a transition model"), field="model")
        self._check(seen, found, day)
        return self._taken(found, standing(seen, found.name, day).place(found.id), 1.0)

    def _seen(self, on: date | None) -> tuple[date, Register]:
        day = on or self.today
        return day, self.register.known(self.known or day)

    def _check(self, seen: Register, model: Model, day: date, decides: bool = True) -> None:
        reason = why_not(seen, model, day) if decides else past(model, day)
        if reason is not None:
            raise ModelError(
                expected(f"a model that may decide on {day}", f"{model.words} ({model.id}), {reason}"),
                file=self.home.folder,
                field="model",
            )

    def _taken(self, model: Model, place: str | None, share: float) -> RegisteredScore:
        blob = str(model.data["model_blob"])
        score = from_text(self.home.read_bytes(blob).decode(), self.home.blobs.path_of(blob))
        return RegisteredScore(
            id=model.id,
            name=model.name,
            number=model.number,
            kind=model.kind,
            score=score,
            versions=model.data["versions"],
            hash=blob,
            place=place,
            share=share,
            expires=model.expires,
        )


def registered(twin: Viewed, *, known: date | None = None) -> Registered:
    """Return the register of a twin's home with its scores.

    Parameters
    ----------
    twin : an open twin. known : answer every question with what was recorded by the end of this day (UTC).

    Raises
    ------
    LogError : a damaged log.
    """
    return Registered(twin.home, read_register(twin.home, twin.head[0]), twin.clock.now().date(), known)
