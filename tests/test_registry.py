"""Names that packages add: found by entry point, imported when asked for, refused with the package named."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from loantwin.errors import ConfigError, UsageError
from loantwin.registry import Registry

KIND: Registry[int] = Registry("kind of number", "loantwin.numbers", {"one": 1, "two": 2})


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def install(folder: Path, package: str, version: str, entries: dict[str, str], code: str = "") -> None:
    """Write an installed package: its metadata and one module of the same name."""
    (folder / f"{package}.py").write_text(code, encoding="utf-8")
    facts = folder / f"{package}-{version}.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
    lines = [f"{name} = {place}" for name, place in entries.items()]
    (facts / "entry_points.txt").write_text("[loantwin.numbers]\n" + "\n".join(lines) + "\n")


def test_a_package_s_entry_is_imported_when_its_name_is_asked_for(packages: Path) -> None:
    install(packages, "thirds", "1.0", {"three": "thirds:THREE", "one": "thirds:THREE"}, "THREE = 3\n")
    assert KIND.names() == ("one", "two", "three")
    assert KIND.named("One") == 1, "a built-in name cannot be taken over"
    assert "thirds" not in sys.modules
    assert KIND.named("THREE") == 3
    assert sys.modules.pop("thirds").THREE == 3


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("four", "numbers: expected one of one, two, three, was 'four'"),
        ("tow", "expected one of one, two, three, was 'tow'; did you mean two?"),
        ("threee", "was 'threee'; did you mean three?"),
    ],
)
def test_an_unknown_name_lists_the_known_ones_and_the_nearest(packages: Path, name: str, words: str) -> None:
    install(packages, "thirds", "1.0", {"three": "thirds:THREE"})
    with pytest.raises(ConfigError) as refused:
        KIND.named(name, field="numbers", error=ConfigError)
    assert words in str(refused.value)


def test_names_and_words_of_the_place_that_asks_are_listed() -> None:
    kind = Registry("kind", "loantwin.numbers", {"one": 1}, also=("none",), besides=", or a file")
    assert kind.spelt("None") == "none"
    with pytest.raises(UsageError, match="expected one of none, one, or a file, was 'x'"):
        kind.named("x")
    with pytest.raises(UsageError, match="expected the name of a kind, was 'none'"):
        kind.named("none")
    with pytest.raises(UsageError, match="expected one of none, one, or a file, was 3"):
        kind.spelt(3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("place", "code", "words"),
    [
        ("broken:THREE", "import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("broken:THREE", "", "AttributeError"),
        ("broken:THREE", "1 / 0\n", "ZeroDivisionError"),
        ("broken:THREE", "THREE = (\n", "SyntaxError"),
        ("nowhere:THREE", "", "No module named 'nowhere'"),
    ],
)
def test_a_package_that_does_not_load_is_named(packages: Path, place: str, code: str, words: str) -> None:
    install(packages, "broken", "2.1", {"three": place}, code)
    with pytest.raises(UsageError) as refused:
        KIND.named("three", field="numbers")
    sys.modules.pop("broken", None)
    assert "numbers: expected kind of number three of broken 2.1 to load, was " in str(refused.value)
    assert words in str(refused.value)


def test_two_packages_that_offer_one_name_are_both_named(packages: Path) -> None:
    install(packages, "thirds", "1.0", {"three": "thirds:THREE"}, "THREE = 3\n")
    install(packages, "others", "0.2", {"three": "others:THREE"}, "THREE = 33\n")
    with pytest.raises(
        UsageError, match=r"one package that offers the kind of number three, was "
    ) as refused:
        KIND.named("three")
    assert "thirds 1.0" in str(refused.value)
    assert "others 0.2" in str(refused.value)
