"""Which score decides: a champion's name, an id of the register, or a folder that `score train` wrote."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from pathlib import Path

from loantwin.decisions.deciding.scores import ScoreInUse
from loantwin.decisions.scoring.registered import RegisteredScore, Viewed, registered
from loantwin.decisions.scoring.standing import standing, why_not
from loantwin.errors import HomeError, ModelError, UsageError, expected
from loantwin.events.register import Model, Register
from loantwin.models.scoring.store import from_text, read_record, text_of

WHY = (
    ("not approved", "model-not-approved"),
    ("refused by", "model-refused"),
    ("expired on", "model-expired"),
)
"""How the reason begins why a registered score may not decide, and its code."""


def folder_of(model: str | Path) -> tuple[Path, str | None] | None:
    """Return folder and name of SCORES[#NAME], None where it names no folder."""
    text, mark, name = str(model).partition("#")
    return (Path(text), name or None) if mark or Path(text).is_dir() else None


def score_of_folder(folder: Path, name: str | None) -> ScoreInUse:
    """Return a score that nobody registered.

    Raises
    ------
    ModelError : no such folder or score, one that does not match its hash, or is of a newer format.
    """
    record = read_record(folder)
    kind = name or str(record["champion"])
    text = text_of(folder, record, kind)
    score = from_text(text, folder / f"{kind}.json")
    return ScoreInUse(score, str(record.get("registry_id", "")), kind, sha256(text.encode()).hexdigest())


def score_of_register(twin: Viewed, model: str, on: date | None) -> ScoreInUse:
    """Return a registered score by the name whose champion it is, or by its id or NAME/VERSION.

    One that must not decide on the day is returned with why: who asks it refers every application.

    Parameters
    ----------
    on : the day; None is today by the twin's clock.

    Raises
    ------
    UsageError : no such model or name, a name without a champion, or a transition model.
    """
    door = registered(twin)
    day = on or door.today
    seen = door.register.known(day)
    row = _row(seen, model, day)
    reason = why_not(seen, row, day)
    if reason is not None:
        code = next((code for begins, code in WHY if reason.startswith(begins)), "model-refused")
        return _refused(row, code, f"the model {row.words} may not decide: {reason}")
    try:
        return _in_use(door.score(row.id, day))
    except (ModelError, HomeError) as problem:  # its text is damaged: a person decides, and the words say why
        return _refused(row, "model-failed", f"the model {row.words} cannot be read: {problem.message}")


def _row(seen: Register, model: str, day: date) -> Model:
    if model in {item.name for item in seen.models.values()}:
        champion = standing(seen, model, day).champion
        if champion is None:
            raise UsageError(expected(f"a champion of {model} on {day}", "none"), field="model")
        return seen.models[champion]
    return seen.find(model)


def _in_use(found: RegisteredScore) -> ScoreInUse:
    name = f"{found.name}/{found.number}"
    return ScoreInUse(found.score, found.id, name, found.hash, found.place, True)


def _refused(row: Model, code: str, words: str) -> ScoreInUse:
    blob = str(row.data["model_blob"])
    return ScoreInUse(None, row.id, row.words, blob, None, True, (code, words))
