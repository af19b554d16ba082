"""The example book: whole, the same bytes each time, and a twin that can be made of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

import loantwin as lt
from loantwin.synthesis.example_book import FILES


def digests(folder: Path) -> dict[str, str]:
    return {name: sha256((folder / name).read_bytes()).hexdigest() for name in FILES}


def test_the_same_bytes_each_time_and_what_is_there_stays(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:  # who asks at once gets the same
        first, beside = pool.map(lt.example_book, [tmp_path / "lender"] * 2)
    again = lt.example_book()
    assert first == beside
    assert digests(first.folder) == digests(again.folder)
    assert lt.example_book().folder == again.folder
    (first.folder / "truth.json").write_text("mine", encoding="utf-8")
    assert lt.example_book(first.folder) == first
    assert first.truth.read_text(encoding="utf-8") == "mine"


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(lt.LoantwinError, match="new or empty folder"):
        lt.example_book(tmp_path)
    (tmp_path / "tape.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(
        lt.LoantwinError, match=r"all files of the example book, or none, was .no mapping\.toml"
    ):
        lt.example_book(tmp_path)


def test_a_twin_is_made_of_it(tmp_path: Path) -> None:
    book = lt.example_book()
    made = lt.twin_create(tmp_path / "twin", book.tape, book.mapping, book.as_of)
    assert made.loans == 2000
    assert made.rejected == 0
    assert made.on_book + made.not_yet_on_book + made.closed_before_as_of == 2000
    assert 1_000 < made.on_book < 2_000
    assert Path(book.scenario("Severe").partition("#")[0]).is_file()
