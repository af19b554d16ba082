from pathlib import Path

from loantwin.book.schema import LINKS, LOANS, PANEL, names
from loantwin.book.schema_page import schema_page


def test_the_committed_page_is_current() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "schema.md"
    assert page.read_text(encoding="utf-8") == schema_page(), "run python -m loantwin.book.schema_page"


def test_every_known_from_names_a_date_column_of_its_table_or_of_the_loans() -> None:
    loans = {column.name: column.kind for column in LOANS}
    for table in (LOANS, PANEL, *LINKS.values()):
        own = {column.name: column.kind for column in table}
        for column in table:
            if column.known_from:
                assert {**loans, **own}.get(column.known_from) == "date", column.name


def test_column_names_are_unique() -> None:
    for table in (LOANS, PANEL, *LINKS.values()):
        assert len(set(names(table))) == len(names(table))
