"""The page on formats: its example runs, its tables name every rule and key there is."""

import ast
import re
from pathlib import Path

import pytest

from loantwin.book import mapping as mapping_module
from loantwin.book import mapping_reader
from loantwin.book.mapping import DEFINITIONS, FORMATS, PRESETS, UNITS, ColumnSource, Derivation
from loantwin.book.mapping_parts import (
    COUNTED,
    COUNTERS,
    FIGURES,
    KINDS,
    LEVELS,
    Assumption,
    CaseWeight,
    DebtorGroup,
    DefaultDefinition,
    ValueBands,
)
from loantwin.book.payoff import SETTINGS
from loantwin.book.rules import RULES
from loantwin.book.schema import CHECKED
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


KEYS: dict[str, set[str]] = {
    "top": set(mapping_module.TOP_KEYS),
    "columns": set(ColumnSource.__dataclass_fields__) - {"name"},
    "derive": set(Derivation.__dataclass_fields__),
    "conditions": set(mapping_reader._CONDITION_KEYS),
    "default": set(DefaultDefinition.__dataclass_fields__) - {"groups"} | {"group"},
    "default.group": set(DebtorGroup.__dataclass_fields__),
    "weight": set(CaseWeight.__dataclass_fields__),
    "join": {"file", "on"},
    "assumptions": set(Assumption.__dataclass_fields__),
    "segment_by": set(ValueBands.__dataclass_fields__),
    "variants": {"when_header"},
}
"""Table of a mapping -> its keys, as the reader takes them."""
WORDS: dict[str, tuple[str, ...]] = {
    "unit": UNITS,
    "kind": KINDS,
    "observes": FIGURES,
    "formats": tuple(COUNTED),
    "every": ("1d", "1w", "1m", "1q", "1y"),
    "counter": COUNTERS,
    "level": LEVELS,
    "default": DEFINITIONS,
    "payoff_setting": tuple(SETTINGS),
    "checked": tuple(column.name for column in CHECKED),
    "format": (*FORMATS, *PRESETS),
}
"""Key -> the words it may be."""


def written(word: str) -> bool:
    """Return whether the page shows a word as code: between backticks, or in an example."""
    examples = (re.sub(r"#.*", "", text) for text in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL))
    code = [*re.findall(r"`([^`\n]+)`", PAGE), *examples]
    return any(re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) for text in code)


@pytest.mark.parametrize(
    ("table", "key"), [(table, key) for table, keys in KEYS.items() for key in sorted(keys)]
)
def test_every_key_is_documented(table: str, key: str) -> None:
    assert written(key), f"{table}.{key}"


@pytest.mark.parametrize(("key", "word"), [(key, word) for key, words in WORDS.items() for word in words])
def test_every_word_a_key_may_be_is_documented(key: str, word: str) -> None:
    assert written(word) or re.search(rf"\b{re.escape(word)}\b", PAGE), f"{key} = {word}"


def test_every_key_the_reader_takes_is_listed_here() -> None:
    """The keys above are those with which tables are read: a table read otherwise turns this red."""
    listed = set().union(*KEYS.values())
    for file in ("mapping.py", "mapping_reader.py", "mapping_parts.py"):
        tree = ast.parse((SOURCE / "book" / file).read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "get"
                and ast.unparse(node.func.value) in ("table", "entry", "document")
                and isinstance(node.args[0], ast.Constant)
            ):
                assert node.args[0].value in listed, f"{file}: {node.args[0].value}"


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


def test_no_assumption_is_read_by_a_name_that_is_not_spelled() -> None:
    """Else the table of assumptions could not be drawn from the code; a mapping's own names are its own."""
    own = {"tape_format.py", "mapping.py", "mapping_checks.py", "model.py", "tape_check.py"}
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            owner, name = asked(node)
            if owner.endswith("assumptions") and path.name not in own:
                assert isinstance(name, ast.Constant), f"{path.name}: {ast.unparse(node)}"


def asked(node: ast.AST) -> tuple[str, ast.AST | None]:
    """Return what is asked for a name, and the name: `x.get(name)`, `x[name]`, `name in x`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        return ast.unparse(node.func.value), node.args[0] if node.args else None
    if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Store):
        return ast.unparse(node.value), node.slice
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.In | ast.NotIn):
        return ast.unparse(node.comparators[0]), node.left
    return "", None


def names_read(node: ast.AST) -> set[str]:
    """Return the assumptions that an expression reads: by `mapping.number`, or asked of `assumptions`."""
    owner, name = asked(node)
    if owner.endswith("assumptions") and isinstance(name, ast.Constant) and isinstance(name.value, str):
        return {name.value}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        owner, first = ast.unparse(node.func.value), node.args[0]
        reads = node.func.attr == "number" and owner.split(".")[-1] in ("mapping", "tape_format")
        if reads and isinstance(first, ast.Constant):
            return {first.value}
        if reads and isinstance(first, ast.JoinedStr):  # a setting of payoff
            assert ast.unparse(first) == "f'payoff_{chosen}'"
            return {f"payoff_{setting}" for setting in SETTINGS if setting != "base"}
    return set()
