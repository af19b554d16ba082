"""Archives of one file are read, others named; what would unpack without end is refused."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from loantwin.book import unpack
from loantwin.book.tape import Tape, check, read_tape
from loantwin.errors import InputError, TapeError

Read = Callable[..., Tape]

OWN = 'name = "own"\n[columns]\nloan_id = "a"\nproduct = { constant = "mortgage" }\noriginated_amount = "b"\n'
ROWS = b"a,b\n1,2\n"


def zipped(**members: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return made.getvalue()


def test_one_file_in_a_zip_is_read(read_own: Read) -> None:
    tape = read_own(OWN, zipped(t_csv=ROWS), "tape.zip")
    assert tape.loans["originated_amount"].to_list() == [2.0]
    assert "read from the archive's one file, t.csv" in check(tape).statements


def test_what_a_macintosh_packs_beside_a_file_is_no_file(read_own: Read) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.mkdir("loans")
        archive.writestr("loans/t.csv", ROWS)
        archive.writestr("__MACOSX/loans/._t.csv", b"\x00\x05\x16\x07")
        archive.writestr("loans/.DS_Store", b"\x00")
    assert read_own(OWN, made.getvalue(), "tape.zip").loans.height == 1


def parquet() -> bytes:
    made = io.BytesIO()
    pl.DataFrame({"a": ["1"], "b": [2.0]}).write_parquet(made)
    return made.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        zipped(t_csv_gz=gzip.compress(ROWS)),
        zipped(t_zip=zipped(t_csv=ROWS)),
        gzip.compress(zipped(t_csv=ROWS)),
        gzip.compress(gzip.compress(ROWS)),
        zipped(t_parquet=parquet()),
        gzip.compress(parquet()),
    ],
    ids=["gzip-in-zip", "zip-in-zip", "zip-in-gzip", "gzip-twice", "parquet-in-zip", "parquet-in-gzip"],
)
def test_an_archive_in_an_archive_is_unpacked_too(read_own: Read, content: bytes) -> None:
    assert read_own(OWN, content, "tape.zip").loans["originated_amount"].to_list() == [2.0]


def test_archives_without_end_are_refused(read_own: Read) -> None:
    content = ROWS
    for _ in range(unpack.MOST_LAYERS + 1):
        content = gzip.compress(content)
    with pytest.raises(TapeError, match="at most 3 archives within each other"):
        read_own(OWN, content)


def tarred() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        member = tarfile.TarInfo("t.csv")
        member.size = len(ROWS)
        archive.addfile(member, io.BytesIO(ROWS))
    return made.getvalue()


def feather() -> bytes:
    made = io.BytesIO()
    pl.DataFrame({"a": [1]}).write_ipc(made)
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (zipped(a_csv=ROWS, b_csv=ROWS), r"a zip archive of a\.csv, b\.csv"),
        (zipped(), "a zip archive of no file|excel file or zip archive"),
        (zipped(t_csv=ROWS * 100)[:80], "zip archive"),
        (b"PK\x03\x04nonsense", "excel file or zip archive"),
        (gzip.compress(ROWS)[:-9], "complete gzip"),
        (b"BZh91AY", "bzip2"),
        (b"\xfd7zXZ\x00", "xz archive"),
        (b"7z\xbc\xaf\x27\x1c", "7z archive"),
        (b"%PDF-1.4", "PDF"),
        (b"<HTML><table><tr>", "web page"),
        (b"<!DOCTYPE html>", "web page"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>', "XML"),
        (tarred(), "tar archive"),
        (feather(), "Arrow"),
        (b"SQLite format 3\x00" + bytes(90), "SQLite"),
        (b"Obj\x01" + bytes(90), "Avro"),
        (b"<stata_dta><header>", "Stata"),
        (bytes(12) + b"\xc2\xea\x81\x60", "SAS"),
        (b'[{"a": 1, "b": 2}]', "JSON"),
        (b'{"a": 1}\n{"a": 2}\n', "JSON"),
        (b'{\n  "loans": []\n}', "JSON"),
    ],
    ids=[
        *("two-files", "none", "cut", "nonsense", "gzip", "bzip2"),
        *("xz", "7z", "pdf", "html", "doctype", "xml"),
        *("tar", "arrow", "sqlite", "avro", "stata", "sas", "json", "json-lines", "json-object"),
    ],
)
def test_what_is_no_tape_is_named(read_own: Read, content: bytes, words: str) -> None:
    with pytest.raises(TapeError, match=words):
        read_own(OWN, content)


def test_the_case_of_a_zip_with_one_member(cases: Path) -> None:
    # Its member is read: what is missing is the mapping's column, not a readable file.
    with pytest.raises(InputError, match=r"expected a column LoanNr_ChkDgt .*, was 'a header with a, b'"):
        read_tape(cases / "F18-zip/t.zip", "sba")


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: zipped(t_csv=content)], ids=["gzip", "zip"])
def test_what_unpacks_beyond_all_measure_is_refused(
    read_own: Read, pack: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    trap = pack(ROWS + b"1,2\n" * 2_000_000)  # 8 MB of one line pack a thousand-fold
    monkeypatch.setattr(unpack, "ALWAYS_UNPACKED", 1 << 20)
    with pytest.raises(TapeError, match="once unpacked"):
        read_own(OWN, trap)


def test_no_file_unpacks_beyond_the_most(read_own: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "MOST_UNPACKED", 1000)
    with pytest.raises(TapeError, match="at most 1,000 bytes"):
        read_own(OWN, gzip.compress(ROWS + b"1,2\n" * 300))
