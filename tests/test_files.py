"""Option files: read anew at every call by what they say, and refused by name where they cannot be read."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from loantwin import config
from loantwin.book.mapping import load_mapping
from loantwin.decisions.load import load_policy
from loantwin.errors import InputError, UsageError
from loantwin.files import whole_file, whole_folder
from loantwin.macro.read import read_macro
from loantwin.macro.shock import read_shocks
from loantwin.risk.capital.options import load_options
from loantwin.risk.capital.ratios import load_own_funds
from loantwin.risk.provisions.five_level import load_rules
from loantwin.risk.provisions.overlays import read_overlays
from loantwin.risk.stress.paths import read_capital

READERS: dict[str, Callable[[Path], Any]] = {
    "mapping": load_mapping,
    "policy": load_policy,
    "options": lambda path: load_options(str(path)),
    "own funds": load_own_funds,
    "rules": load_rules,
    "overlays": read_overlays,
    "capital": read_capital,
    "shocks": read_shocks,
    "macro": read_macro,
    "settings": lambda path: config.load(path),
}


def test_options_edited_within_the_same_second_are_seen(tmp_path: Path) -> None:
    """The file keeps its name, its length and its time: only what it says tells the edit."""
    path = tmp_path / "own.toml"
    text = (files("loantwin.risk.capital") / "options/basel.toml").read_text("utf-8")
    path.write_text(text, encoding="utf-8")
    before = path.stat()
    assert load_options(str(path)).minimum["total"] == 0.08
    changed = text.replace("total = 0.08", "total = 0.09", 1)
    assert len(changed) == len(text)
    assert changed != text
    path.write_text(changed, encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert load_options(str(path)).minimum["total"] == 0.09


@pytest.mark.parametrize("kind", READERS)
def test_a_file_that_cannot_be_read_is_named(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder.toml"
    folder.mkdir()
    contents = {"latin": 'name = "Bâle"'.encode("latin-1"), "deep": b"a = " + b"[" * 50_000, "no": b"= 1"}
    places = [folder, tmp_path / "none.toml"]
    for name, content in contents.items():
        (tmp_path / f"{name}.toml").write_bytes(content)
        places.append(tmp_path / f"{name}.toml")
    for path in places:
        with pytest.raises(InputError) as was:
            READERS[kind](path)
        assert path.name in str(was.value)


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "funds.toml"
    path.write_bytes(b"\xef\xbb\xbfcet1 = 5.0\n")
    assert load_own_funds(path).cet1 == 5.0


def test_threads_that_write_one_file_or_folder_disturb_none(tmp_path: Path) -> None:
    """All are inside the block at once: each writes its own, and the last one that ends stands whole."""
    together = Barrier(4)

    def write(number: int) -> bool:
        with whole_file(tmp_path / "x.csv", "out") as temporary:
            together.wait(timeout=30)
            temporary.write_text(str(number) * 1000, encoding="utf-8")
        return True

    def fill(number: int) -> str:
        try:
            with whole_folder(tmp_path / "book") as temporary:
                together.wait(timeout=30)
                (temporary / "a").write_text(str(number), encoding="utf-8")
        except UsageError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(write, range(4)))
        refused = sorted(pool.map(fill, range(4)))[1:]
    assert ["one that holds files" in words for words in refused] == [True] * 3
    text = (tmp_path / "x.csv").read_text(encoding="utf-8")
    assert len(text) == 1000
    assert len(set(text)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["book", "x.csv"]
