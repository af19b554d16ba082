"""What tables of the register of models must tell."""

from __future__ import annotations

from typing import Any

from .reading import Rows, across, ends, facts, in_order, of
from .tables import Table, find


def _row(row: Any) -> dict[str, Any]:
    """Return what a model's cells must tell by their headings."""
    return {
        "id": row.id,
        "kind": row.kind,
        "registered": row.registered.isoformat(),
        "by": row.by,
        "approval": f"{row.approval}: {row.approved_by}",
        "expires": row.expires.isoformat(),
        "may decide": row.why_not,
    }


def _model(row: Any, found: list[Table], title: str, more: dict[str, Any]) -> Rows:
    """Yield the facts of one model, its place and share too."""
    yield from facts(found, title, _row(row) | more)
    yield find(found, title).fact("place").removeprefix(f"{row.place}: "), row.share


@of("ModelRegistered")
def registered(result: Any, found: list[Table]) -> Rows:
    more = {"trained on": result.data_file, "sha256": result.data_hash[:16]}
    yield from _model(result.model, found, "Registered", more)


@of("ModelJudged")
def judged(result: Any, found: list[Table]) -> Rows:
    yield from _model(result.model, found, "Approved", {"role": result.role, "words": result.words})


@of("ModelPlaced")
def placed(result: Any, found: list[Table]) -> Rows:
    more = {"given": result.place, "from": result.start.isoformat()}
    yield from _model(result.model, found, f"Placed by {result.by}", more)
    name = result.model.name
    lines = in_order(find(found, f"Who decides for {name} from"), len(result.contenders))
    for row, item in zip(lines, result.contenders, strict=True):
        told = {"name": f"{name}/{item.number}", "id": item.id, "place": item.place}
        yield from across(row, told | {"share of cases": item.share})


@of("ModelList")
def listed(result: Any, found: list[Table]) -> Rows:
    table = find(found, f"Models on {result.on}")
    for row in result.models:
        cells = table.row(f"{row.name}/{row.number}")
        yield from across(cells, _row(row))
        yield cells["place"].removeprefix(f"{row.place}: "), row.share


@of("ModelShown")
def shown(result: Any, found: list[Table]) -> Rows:
    title = f"Model {result.model.name}/{result.model.number} on {result.on}"
    more = {"trained on": result.data_file, "rows": result.data_rows, "sha256": result.data_hash[:16]}
    yield from _model(result.model, found, title, more | {"code": result.code_hash[:16]})
    figures = in_order(find(found, "On rows not trained on"), len(result.figures))
    for row, item in zip(figures, result.figures, strict=True):
        yield from across(row, {"figure": item.name.replace("_", " "), "value": item.value})
        yield from ends(row["95 %"], item.low, item.high)
    approvals = in_order(find(found, "Approvals"), len(result.judgements))
    for row, item in zip(approvals, result.judgements, strict=True):
        told = {"date": item.day.isoformat(), "by": item.by, "role": item.role, "words": item.words}
        yield from across(row, told | {"approval": "approved"})
    places = in_order(find(found, "Places"), len(result.places))
    for row, item in zip(places, result.places, strict=True):
        yield from across(
            row, {"from": item.day.isoformat(), "recorded": item.recorded.isoformat(), "by": item.by}
        )
        yield row["place"].removeprefix(f"{item.place}: "), item.share
    features = in_order(find(found, "Features"), len(result.features))
    for row, item in zip(features, result.features, strict=True):
        yield from across(row, {"feature": item.name, "kind": item.kind})
    yield from facts(found, "Settings of its training", {"folds": "1x5", "seed": 5})
    yield from facts(found, "Trained with", dict(result.versions))


@of("ModelReproduced")
def reproduced(result: Any, found: list[Table]) -> Rows:
    yield from facts(
        found, "Trained again",
        {
            "id": result.id, "kind": result.kind,
            "trained on": result.data_file, "sha256": result.data_hash[:16],
            "score of then": result.recorded[:16], "score of now": result.derived[:16],
            "differs first at": result.differs_at,
        },
    )  # fmt: skip
    lines = in_order(find(found, "Not as it was"), len(result.differences))
    for row, item in zip(lines, result.differences, strict=True):
        yield from across(row, {"what": item.what, "registered": item.registered[:16], "now": item.now[:16]})
