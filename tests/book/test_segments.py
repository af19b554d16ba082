import polars as pl
import pytest

from loantwin.book.mapping import from_dict
from loantwin.book.segments import segment_labels
from loantwin.errors import MappingError

MAPPING = from_dict(
    {
        "name": "own",
        "columns": {"loan_id": {"source": "No"}},
        "segment_by": ["product", {"column": "score", "breaks": [600, 700]}],
    }
)


def test_labels_by_hand() -> None:
    loans = pl.DataFrame(
        {"product": ["mortgage", "mortgage", None, "balloon"], "score": [600.0, 600.5, 701.0, None]}
    )
    assert segment_labels(loans, MAPPING).to_list() == [
        "mortgage|score<=600",
        "mortgage|score<=700",
        "missing|score>700",
        "balloon|score missing",
    ]


def test_no_segments_is_one_segment() -> None:
    mapping = from_dict({**MAPPING.document, "segment_by": []})
    assert segment_labels(pl.DataFrame({"product": ["mortgage"] * 2}), mapping).to_list() == ["all", "all"]
    assert segment_labels(pl.DataFrame({"product": []}), mapping).to_list() == []


def test_a_column_the_loans_lack() -> None:
    with pytest.raises(MappingError, match="field segment_by: expected a column of the loans, was 'score'"):
        segment_labels(pl.DataFrame({"product": ["mortgage"]}), MAPPING)
