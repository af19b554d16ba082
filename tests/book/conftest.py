"""Small SBA tapes for tests, in the original raw form."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from loantwin.book.tape import Tape, read_tape

HEADER_LINE = (
    "LoanNr_ChkDgt,Name,City,State,Zip,Bank,BankState,NAICS,ApprovalDate,ApprovalFY,Term,NoEmp,NewExist,CreateJob,RetainedJob,"
    "FranchiseCode,UrbanRural,RevLineCr,LowDoc,ChgOffDate,DisbursementDate,DisbursementGross,BalanceGross,MIS_Status,"
    "ChgOffPrinGr,GrAppv,SBA_Appv"
)

CELL_LINE = (
    "1000000001,A FIRM,SPRINGFIELD,IL,62701,A BANK,IL,445110,28-Feb-97,1997,84,4,2,0,0,1,0,N,Y,,31-Mar-97,"
    "60000,0,P I F,0,60000,48000"
)
HEADER, CELLS = csv.reader([HEADER_LINE, CELL_LINE])

Row = dict[str, str]


@pytest.fixture(scope="session")
def paid() -> Callable[..., Row]:
    """Return a function that makes a clean paid loan with some cells changed."""

    def made(**changes: str) -> Row:
        assert set(changes) <= set(HEADER)
        return {**dict(zip(HEADER, CELLS, strict=True)), **changes}

    return made


@pytest.fixture(scope="session")
def charged_off(paid: Callable[..., Row]) -> Callable[..., Row]:
    """Return a function that makes a clean charged-off loan with some cells changed."""

    def made(**changes: str) -> Row:
        return paid(
            **{
                "ChgOffDate": "15-Jun-02",
                "MIS_Status": "CHGOFF",
                "ChgOffPrinGr": "20000",
                "Term": "60",
                **changes,
            }
        )

    return made


@pytest.fixture(scope="session")
def text_of() -> Callable[..., str]:
    """Return a function that makes the CSV text of rows; loan numbers count up where `number` is left on."""

    def made(*rows: Row, delimiter: str = ",", number: bool = True) -> str:
        out = io.StringIO()
        writer = csv.DictWriter(out, HEADER, delimiter=delimiter, lineterminator="\n")
        writer.writeheader()
        for place, cells in enumerate(rows):
            writer.writerow({**cells, "LoanNr_ChkDgt": str(1000000001 + place)} if number else cells)
        return out.getvalue()

    return made


@pytest.fixture
def tape_file(tmp_path: Path, text_of: Callable[..., str]) -> Callable[..., Path]:
    """Return a function that writes rows as a tape and returns its path."""

    def made(*rows: Row, number: bool = True) -> Path:
        path = tmp_path / "tape.csv"
        path.write_text(text_of(*rows, number=number), encoding="utf-8")
        return path

    return made


@pytest.fixture
def read_own(tmp_path: Path) -> Callable[..., Tape]:
    """Return a function that reads a text, or bytes, through the text of a mapping."""

    def made(mapping: str, tape: str | bytes, name: str = "tape.csv") -> Tape:
        (tmp_path / "own.toml").write_text(mapping, encoding="utf-8")
        (tmp_path / name).write_bytes(tape.encode() if isinstance(tape, str) else tape)
        return read_tape(tmp_path / name, tmp_path / "own.toml")

    return made
