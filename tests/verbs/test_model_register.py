"""The register of models by its commands: from a folder of scores to who decides, and what is refused."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import loantwin as lt
from loantwin.clock import FixedClock
from loantwin.decisions.scoring.registered import registered
from loantwin.errors import HomeError, InputError, ModelError, UsageError
from loantwin.events.home import Home
from loantwin.interfaces.cli.main import run
from loantwin.models.scoring.store import predict, read_record, read_score, write_scores
from loantwin.models.scoring.table import read_table

PAGE = Path(__file__).parents[2] / "docs" / "model-register.md"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cases") / "cases.csv"
    random = np.random.default_rng(2)
    income, job = random.lognormal(3, 0.5, 300).round(2), random.choice(["fixed", "free"], 300)
    bad = random.random(300) < 1 / (1 + np.exp(1.2 + 1.5 * np.log(income / 20) - 0.8 * (job == "free")))
    day = np.datetime64("2015-01-01") + random.integers(0, 1500, 300).astype("timedelta64[D]")
    born = np.datetime64("1980-01-01") + random.integers(0, 7000, 300).astype("timedelta64[D]")
    made = {"day": day, "born": born, "income": income, "job": job, "end": np.where(bad, "late", "paid")}
    pl.DataFrame(made).write_csv(path)
    return path


@pytest.fixture(scope="module")
def scores(file: Path) -> Path:
    out = file.parent / "applications"
    models = ("logistic", "additive", "scorecard")
    lt.score_train(file, target="end", good="paid", folds="1x3", models=models, out=out)
    return out


def clock(day: int, month: int = 1) -> FixedClock:
    return FixedClock(datetime(2026, month, day, 12, tzinfo=UTC))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    Home.create(tmp_path / "twin", clock(1), name="twin", currency="EUR").close()
    return tmp_path / "twin"


@pytest.fixture
def twin(home: Path) -> Iterator[lt.Twin]:
    with lt.open(home, writable=True, clock=clock(5)) as found:
        yield found


def state(home: Path) -> tuple[str, list[str]]:
    """Return the log's head, and what no event names."""
    found = lt.log_verify(home)
    assert found.ok
    return found.head, list(found.unreferenced)


def test_from_a_folder_of_scores_to_who_decides(home: Path, scores: Path, file: Path) -> None:
    def on(day: int, verb: Any, *words: Any, **options: Any) -> Any:
        with lt.open(home, writable=True, clock=clock(day)) as twin:
            return verb(twin, *words, **options)

    first = on(2, lt.model_register, scores, model="logistic", by="ana", expires="2026-06-30")
    assert (first.new, first.model.name, first.model.number, first.model.kind) == (
        True,
        "applications",
        1,
        "logistic",
    )
    assert first.model.why_not == "not approved by then"
    second = on(3, lt.model_register, scores, model="scorecard", by="ben").model
    assert second.number == 2
    on(4, lt.model_approve, "applications/1", role="model-approver", by="ben")
    on(4, lt.model_approve, second.id[:6], role="Model-Approver", by="ana", words="for a tenth")
    on(5, lt.model_place, "applications/1", place="champion", by="ben")
    placed = on(6, lt.model_place, "applications/2", place="challenger", share=0.1, start="2026-01-10")
    assert [(item.number, item.place, item.share) for item in placed.contenders] == [
        (1, "champion", 0.9),
        (2, "challenger", 0.1),
    ]
    on(20, lt.model_place, "applications/2", place="champion", by="ben")

    with lt.open(home, clock=clock(21)) as twin:
        door = registered(twin)
        seen = {day: door.champion("applications", date(2026, 1, day)) for day in (5, 10, 19, 20)}
        assert [(found.number, found.share) for found in seen.values()] == [
            (1, 1.0),
            (1, 0.9),
            (1, 0.9),
            (2, 1.0),
        ]
        assert door.champion("applications").id == second.id
        assert predict(seen[5].score, read_table(file)).pd.tolist() == (
            predict(read_score(scores, "logistic"), read_table(file)).pd.tolist()
        )
        assert seen[5].versions == json.loads((scores / "record.json").read_text())["versions"]
        with pytest.raises(ModelError, match="expected a champion of applications on 2026-01-04, was 'none'"):
            door.champion("applications", date(2026, 1, 4))
        with pytest.raises(ModelError, match="scores are registered for applications"):
            door.champion("cards")
        assert (
            registered(twin, known=date(2026, 1, 21)).champion("applications", date(2026, 1, 5)).number == 1
        )
        with pytest.raises(ModelError, match="expired on 2026-06-30"):
            door.score("applications/1", date(2026, 7, 1))
        assert door.score("applications/1", date(2026, 6, 30)).place is None

    shown = lt.model_show(home, "applications/1", on="2026-01-21")
    assert [(item.place, item.day.day) for item in shown.places] == [("champion", 5)]
    assert [(item.by, item.approved) for item in shown.judgements] == [("ben", True)]
    assert [(item.name, item.kind) for item in shown.features] == [("income", "number"), ("job", "category")]
    judged = json.loads((scores / "record.json").read_text())["figures"]["logistic"]
    figures = {item.name: (item.value, item.low, item.high) for item in shown.figures}
    assert figures["auc"] == (judged["auc"], judged["auc_low"], judged["auc_high"])
    assert figures["gini"] == pytest.approx([2 * end - 1 for end in figures["auc"]])
    assert (shown.data_file, shown.data_rows) == ("cases.csv", 300)
    then = lt.model_list(home, on="2026-01-03")
    assert [(row.number, row.approval, row.place) for row in then.models] == [
        (1, "not judged", None),
        (2, "not judged", None),
    ]
    assert state(home)[1] == []


def test_the_only_champion_as_challenger_leaves_its_name_without(home: Path, scores: Path) -> None:
    def on(day: int, verb: Any, *words: Any, **options: Any) -> Any:
        with lt.open(home, writable=True, clock=clock(day)) as twin:
            return verb(twin, *words, **options)

    on(2, lt.model_register, scores, model="logistic", by="ana")
    on(3, lt.model_approve, "applications/1", role="model-approver", by="ben")
    assert on(4, lt.model_place, "applications/1", place="champion", by="ben").notes == ()
    placed = on(5, lt.model_place, "applications/1", place="challenger", share=0.2, by="ben")
    assert placed.notes == (
        "applications has no champion from 2026-01-05 on: applications/1 was the last; name another",
    )
    assert on(6, lt.model_place, "applications/1", place="retired", by="ben").notes == (
        "applications has no champion on 2026-01-06: nothing decides by it",
    )


def test_the_same_score_is_registered_once(home: Path, scores: Path, tmp_path: Path) -> None:
    first = lt.model_register(home, scores, by="ana", expires="2046-12-31")
    before = state(home)
    shutil.copytree(scores, tmp_path / "copy" / "applications")
    again = lt.model_register(home, tmp_path / "copy" / "applications", by="eva", expires="2046-12-31")
    assert (again.new, again.model) == (False, first.model)
    assert again.notes == (
        f"registered before, by ana, not by eva on {first.model.registered}: nothing was recorded",
    )
    with pytest.raises(UsageError, match="field expires: expected the last day 2046-12-31"):
        lt.model_register(home, scores, expires="2047-12-31")
    assert state(home) == before
    other = lt.model_register(home, scores, name="cards", by="ana").model
    assert (other.number, other.id == first.model.id) == (1, False)


def test_fitted_models_stand_in_the_register_and_are_approved(tmp_path: Path, scores: Path) -> None:
    home = shutil.copytree(Path(__file__).parents[1] / "events" / "homes" / "fitted-0.1", tmp_path / "twin")
    lt.model_register(home, scores, by="ana")
    rows = {row.name: row for row in lt.model_list(home).models}
    fitted = rows["transition"]
    assert (fitted.kind, fitted.place, fitted.approval, fitted.by) == (
        "transition",
        "in use",
        "not judged",
        None,
    )
    with lt.open(home) as twin:
        assert fitted.id == twin.fitted.data["model_blob"][:16]
    judged = lt.model_approve(home, "transition/1", role="model-approver", by="eva").model
    assert (judged.approval, judged.approved_by, judged.place) == ("approved", "eva", "in use")
    shown = lt.model_show(home, "transition/1")
    assert shown.features[0].name == "unemployment_rate.change_12m"
    assert set(shown.versions) == {"loantwin", "numpy", "polars", "scipy"}
    for refused in (
        lambda: lt.model_place(home, "transition/1", place="champion"),
        lambda: lt.model_reproduce(home, "transition/1", data=scores / "record.json"),
    ):
        with pytest.raises(UsageError, match="field model: expected a score"):
            refused()
    with lt.open(home) as twin, pytest.raises(ModelError, match="a champion of transition"):
        registered(twin).champion("transition")


@pytest.mark.parametrize("kind", ["logistic", "additive", "scorecard"])
def test_a_score_is_trained_again_to_the_bit(home: Path, scores: Path, file: Path, kind: str) -> None:
    number = lt.model_register(home, scores, model=kind, by="ana").model.id
    made = lt.model_reproduce(home, number, data=file)
    assert (made.same, made.differences, made.differs_at, made.notes) == (True, (), None, ())
    assert made.recorded == made.derived


def test_out_of_time_and_boosting_too(home: Path, file: Path, tmp_path: Path) -> None:
    pytest.importorskip("lightgbm", reason="the extra scoring is not installed")
    options: dict[str, Any] = {"time": "day", "models": ("logistic", "boosting-monotone"), "seed": 4}
    lt.score_train(file, target="end", good="paid", out=tmp_path / "later", **options)
    for kind in options["models"]:
        row = lt.model_register(home, tmp_path / "later", model=kind, by="ana").model
        assert lt.model_reproduce(home, row.id, data=file).same
        assert ("born", "age") in {(item.name, item.kind) for item in lt.model_show(home, row.id).features}


def test_what_differs_is_said_before_not_the_same(
    home: Path, scores: Path, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    number = lt.model_register(home, scores, model="logistic", by="ana").model.id
    monkeypatch.setattr("loantwin.verbs.model_reproduce.code_hash", lambda: "0" * 64)
    monkeypatch.setattr(
        "loantwin.verbs.model_reproduce.version", lambda name: "9.9" if name == "scipy" else None
    )
    made = lt.model_reproduce(home, number, data=file)
    assert made.same
    assert [(item.what, item.now) for item in made.differences] == [
        ("code", "0" * 64), ("loantwin", None), ("numpy", None), ("scipy", "9.9"),
    ]  # fmt: skip
    monkeypatch.setattr(
        "loantwin.models.scoring.logistic.choose_penalty", lambda *given: (7.0, 0.0 * given[1])
    )
    made = lt.model_reproduce(home, number, data=file)
    assert not made.same
    assert made.differs_at is not None
    assert made.differs_at.startswith("model.")
    assert made.notes[0] == "not the same; what differs from then: code, loantwin, numpy, scipy"
    monkeypatch.setattr(
        sys, "argv", ["loantwin", "model", "reproduce", str(home), number, "--data", str(file)]
    )
    with pytest.raises(SystemExit) as left:
        run()
    assert left.value.code == 0
    printed = capsys.readouterr().out
    assert 0 <= printed.index("Not as it was") < printed.index("Trained again, not the same: applications/1")


def test_another_file_is_refused(home: Path, scores: Path, file: Path, tmp_path: Path) -> None:
    number = lt.model_register(home, scores, by="ana").model.id
    other = tmp_path / "cases.csv"
    other.write_text(
        file.read_text(encoding="utf-8") + "2016-01-01,1990-01-01,20,free,paid\n", encoding="utf-8"
    )
    with pytest.raises(
        UsageError, match=r"field data: expected cases\.csv, whose sha256 is \w{16}, was 'a file"
    ):
        lt.model_reproduce(home, number, data=other)
    with pytest.raises(UsageError, match="field data: expected the file that the score was trained on"):
        lt.model_reproduce(home, number, data=tmp_path / "none.csv")


def spoilt(scores: Path, folder: Path, how: str) -> Path:
    """Return a copy of a folder of scores with something wrong."""
    made = folder / "spoilt"
    shutil.copytree(scores, made)
    record = json.loads((made / "record.json").read_text(encoding="utf-8"))
    if how == "no record":
        (made / "record.json").unlink()
    elif how == "no JSON":
        (made / "record.json").write_text("PAR1", encoding="utf-8")
    elif how == "a list":
        (made / "record.json").write_text("[]", encoding="utf-8")
    elif how == "not a number":
        text = (made / "record.json").read_text(encoding="utf-8")
        (made / "record.json").write_text(text.replace('"seed": 0', '"seed": NaN'), encoding="utf-8")
    elif how == "score changed":
        text = (made / "logistic.json").read_text(encoding="utf-8")
        (made / "logistic.json").write_text(text.replace("1", "2", 1), encoding="utf-8")
    else:
        record |= {"newer": {"format": 2}, "figure changed": {"champion": "scorecard"}}.get(how, {})
        record["figures"]["logistic"]["auc"] += 0.1 if how == "figure changed" else 0.0
        (made / "record.json").write_text(json.dumps(record), encoding="utf-8")
    return made


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("no record", "expected a readable record of scores, was: No such file"),
        ("no JSON", "expected a record of scores"),
        ("a list", "expected a record of scores"),
        ("not a number", "expected a record of scores"),
        ("score changed", "expected the score that the record names by hash, was 'another text'"),
        ("figure changed", "field registry_id: expected the record whose hash is its registry id"),
        ("newer", "expected a record of scores of format 1, was 'format 2; it needs a newer loantwin'"),
    ],
)
def test_a_folder_that_is_not_what_score_train_wrote(
    home: Path, scores: Path, tmp_path: Path, how: str, words: str
) -> None:
    before = state(home)
    with pytest.raises(ModelError, match=words):
        lt.model_register(home, spoilt(scores, tmp_path, how), model="logistic")
    assert state(home) == before


def test_a_score_of_a_newer_format_is_refused(home: Path, scores: Path, tmp_path: Path) -> None:
    (tmp_path / "newer").mkdir()
    record = {
        name: value for name, value in read_record(scores).items() if name not in ("models", "registry_id")
    }
    score = read_score(scores, "logistic")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("loantwin.models.scoring.store.FORMAT", 2)
        write_scores(tmp_path / "newer", {"logistic": score}, {**record, "champion": "logistic", "format": 1})
    with pytest.raises(ModelError, match="expected a score of format 1, was 'logistic of format 2'"):
        lt.model_register(home, tmp_path / "newer", name="a")


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"versions": "1.0"}, "field versions: ModelRegistered: expected object"),
        ({"figures": {}}, "one without 'log"),
    ],
)
def test_a_record_of_other_parts_leaves_nothing(
    home: Path, scores: Path, tmp_path: Path, part: dict[str, Any], words: str
) -> None:
    (tmp_path / "odd").mkdir()
    record = {
        name: value for name, value in read_record(scores).items() if name not in ("models", "registry_id")
    }
    odd = {**record, "champion": "logistic", **part}
    write_scores(tmp_path / "odd", {"logistic": read_score(scores, "logistic")}, odd)
    before = state(home)
    with pytest.raises(InputError, match=words):
        lt.model_register(home, tmp_path / "odd")
    assert state(home) == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "scorecart"}, "field model: .* did you mean scorecard?"),
        ({"name": "a/b"}, "field name: expected a name of 1 to 60 letters"),
        ({"name": "Transition"}, "field name: expected another name"),
        ({"by": " "}, "field by: expected a name"),
        ({"expires": "2026-01-04"}, "field expires: expected a day from 2026-01-05 on"),
        ({"expires": "soon"}, "field expires: expected a date YYYY-MM-DD"),
    ],
)
def test_options_that_cannot_be(twin: lt.Twin, scores: Path, options: dict[str, Any], words: str) -> None:
    head = twin.home.log.head
    with pytest.raises(InputError, match=words):
        lt.model_register(twin, scores, **options)
    assert twin.home.log.head == head
    assert twin.home.verify().unreferenced == ()


@pytest.mark.parametrize(
    ("verb", "options", "words"),
    [
        ("model_approve", {"role": "king", "by": "eva"}, "field role: expected one of viewer, "),
        (
            "model_approve",
            {"role": "analyst", "by": "eva"},
            "field role: expected model-approver, the one role",
        ),
        (
            "model_approve",
            {"role": "model-approver", "by": "ANA "},
            "field by: expected another than ana, who",
        ),
        ("model_approve", {"role": "model-approver", "by": ""}, "field by: expected a name"),
        ("model_approve", {"role": "model-approver", "by": None}, "field by: expected the name"),
        ("model_approve", {"role": "model-approver", "by": "eva", "words": " "}, "field words"),
        ("model_place", {"place": "king"}, "field place: expected one of champion, challenger, retired"),
        ("model_place", {"place": "champion"}, "field model: .*not approved by then"),
        ("model_place", {"place": "challenger", "share": 1.5}, "field share: expected a share from 0 to 1"),
        ("model_place", {"place": "challenger", "share": float("nan")}, "field share"),
        ("model_place", {"place": "challenger", "share": "half"}, "field share"),
        ("model_place", {"place": "challenger", "start": "2026-01-04"}, "field start: expected a day from"),
        ("model_place", {"place": "retired"}, "which has none"),
    ],
)
def test_acts_that_are_refused(
    twin: lt.Twin, scores: Path, verb: str, options: dict[str, Any], words: str
) -> None:
    number = lt.model_register(twin, scores, by="ana").model.id
    head = twin.home.log.head
    with pytest.raises(UsageError, match=words):
        getattr(lt, verb)(twin, number, **options)
    with pytest.raises(UsageError, match="field model: expected one of applications/1"):
        getattr(lt, verb)(
            twin,
            "applications/7",
            **{"role": "model-approver", "by": "eva"} if verb == "model_approve" else {"place": "retired"},
        )
    assert twin.home.log.head == head


def test_one_writer_at_a_time_and_readers_that_do_not_write(twin: lt.Twin, home: Path, scores: Path) -> None:
    with pytest.raises(HomeError, match="expected no other writer"):
        lt.model_register(home, scores)
    number = lt.model_register(twin, scores, by="ana").model.id
    with lt.open(home) as reader:
        assert lt.model_list(reader, on="2026-01-04").models == ()
        with pytest.raises(UsageError, match="expected a twin opened for writing"):
            lt.model_approve(reader, number, role="model-approver", by="eva")
        assert lt.model_show(reader, number, known="2026-01-05").model.id == number


def test_a_home_that_is_none(tmp_path: Path, scores: Path) -> None:
    with pytest.raises(HomeError, match="expected a twin's home"):
        lt.model_register(tmp_path / "none", scores)


@pytest.mark.data
def test_the_example_of_the_page_runs(home: Path, data: Path, tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {"data": data, "twin": home, "scores": tmp_path / "scores"})


def test_the_command_line_says_flags_and_ends_with_two(
    home: Path, scores: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["loantwin", "model", "register", str(home), str(scores), "--as", "a/b"])
    with pytest.raises(SystemExit) as left:
        run()
    said = capsys.readouterr()
    assert (left.value.code, said.out) == (2, "")
    assert said.err.startswith("loantwin: field --as: expected a name of 1 to 60 letters")
