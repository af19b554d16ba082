"""The page on formats: its example runs, its tables name every rule and key there is."""

import ast
import re
from pathlib import Path

import pytest

from loantwin.book import mapping as mapping_module
from loantwin.book.mapping import FORMATS, PRESETS, UNITS, ColumnSource, Derivation
from loantwin.book.payoff import SETTINGS
from loantwin.book.rules import RULES
from loantwin.book.segments import segment_labels
from loantwin.book.tape import check, read_tape

SOURCE = Path(__file__).resolve().parents[2] / "src" / "loantwin"
PAGE = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")


def block(kind: str) -> str:
    found = re.search(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_example_says_what_the_page_says(tmp_path: Path) -> None:
    (tmp_path / "tape.csv").write_text(block("csv"), encoding="utf-8")
    (tmp_path / "my-bank.toml").write_text(block("toml"), encoding="utf-8")
    tape = read_tape(tmp_path / "tape.csv", tmp_path / "my-bank.toml")
    found = check(tape)
    assert (found.rows_read, found.accepted_rows, found.rejected) == (5, 3, 2)
    assert found.rejections == {"duplicate_id": 1, "unparsable_date": 1}
    assert found.warnings == {}
    assert found.totals == {"originated": 92_000.0, "charged_off": 18_500.0, "balance": None}
    assert tape.loans["annual_rate"].to_list() == [
        pytest.approx(0.0425),
        pytest.approx(0.065),
        pytest.approx(0.039),
    ]
    assert tape.loans["guaranteed_share"].to_list() == [0.5, None, None]
    assert segment_labels(tape.loans, tape.mapping).to_list() == [
        "A|score>680",
        "C|score<=680",
        "B|score>680",
    ]


@pytest.mark.parametrize("name", [rule.name for rule in RULES])
def test_every_rule_is_documented(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_every_key_is_documented() -> None:
    keys = {
        *mapping_module.TOP_KEYS,
        *ColumnSource.__dataclass_fields__,
        *Derivation.__dataclass_fields__,
    } - {"name", "words"}
    for key in keys:
        assert re.search(rf"\b{key}\b", PAGE), key
    assert all(unit in PAGE for unit in UNITS)
    assert all(f"`{name}`" in PAGE for name in (*FORMATS, *PRESETS))


def test_every_assumption_the_code_reads_is_documented() -> None:
    """What is read by name from a mapping's assumptions stands in the page's table, and nothing else does."""
    read: set[str] = set()
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            read |= names_read(node)
    assert "unpaid_months_at_default" in read
    table = PAGE.partition("## Assumptions that the program reads")[2].partition("\n## ")[0]
    told = {
        name
        for line in table.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    assert told == read


def names_read(node: ast.AST) -> set[str]:
    """Return the assumptions that an expression reads: `mapping.number(...)`, `.assumptions.get(...)`,
    `in`.
    """
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        owner, first = ast.unparse(node.func.value), node.args[0]
        reads = (node.func.attr == "number" and owner.split(".")[-1] in ("mapping", "tape_format")) or (
            node.func.attr == "get" and owner.endswith("assumptions")
        )
        if reads and isinstance(first, ast.Constant):
            return {first.value}
        if reads and isinstance(first, ast.JoinedStr):  # a setting of payoff
            assert ast.unparse(first) == "f'payoff_{chosen}'"
            return {f"payoff_{setting}" for setting in SETTINGS if setting != "base"}
    return set()
