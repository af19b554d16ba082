"""Rules of compiled code that no run of it shows in time: how kernels are written, cached and entered."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import numba
import pytest

from loantwin import kernels

PACKAGE = Path(kernels.__file__).parent
FILES = sorted(path for path in PACKAGE.rglob("kernels.py") if path != Path(kernels.__file__))
OTHERS = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "kernels.py")


def name_of(path: Path) -> str:
    """Return a file's module name."""
    return ".".join((PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts))


def each(path: Path, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
    """Yield a file's nodes of some kinds."""
    yield from (
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, kinds)
    )


def compiled_functions(path: Path) -> dict[str, ast.FunctionDef]:
    """Return a file's compiled functions by name."""
    return {
        node.name: node
        for node in each(path, ast.FunctionDef)
        if isinstance(node, ast.FunctionDef)
        and any(ast.unparse(mark) in ("compiled", "inlined") for mark in node.decorator_list)
    }


def where(path: Path, node: ast.AST) -> str:
    """Return where a node stands, for the message."""
    return f"{path.relative_to(PACKAGE)}:{node.lineno}"  # type: ignore[attr-defined]


def test_there_are_kernels_to_look_at() -> None:
    assert len(FILES) > 4
    assert sum(len(compiled_functions(path)) for path in FILES) > 40


def test_no_kernel_raises_to_a_power() -> None:
    """A float to the power of a 32-bit whole number ends the process: LLVM finds no __powidf2."""
    called = [
        where(path, node)
        for path in FILES
        for node in each(path, ast.Call)
        if ast.unparse(node.func).rpartition(".")[2] in {"pow", "power", "float_power"}  # type: ignore[attr-defined]
    ]
    raised = [
        where(path, node)
        for path in FILES
        for node in each(path, ast.BinOp, ast.AugAssign)
        if isinstance(node.op, ast.Pow)  # type: ignore[attr-defined]
    ]
    assert not [*called, *raised]


def test_no_kernel_is_compiled_with_fastmath_or_in_parallel() -> None:
    """Numba's parallel loops compile three times as long, and its plainest layer lets one thread in."""
    options = {
        f"{name_of(path)}.{name}": getattr(import_module(name_of(path)), name).targetoptions
        for path in FILES
        for name in compiled_functions(path)
    }
    assert not [name for name, stated in options.items() if stated.get("fastmath") or stated.get("parallel")]
    assert all(stated["nogil"] for stated in options.values())


def test_no_kernel_draws_from_numbas_own_generator() -> None:
    """Numba keeps one Mersenne Twister a thread: its draws depend on who runs what."""
    assert not [
        where(path, node)
        for path in FILES
        for node in each(path, ast.Attribute)
        if ast.unparse(node).startswith(("np.random", "random."))
    ]


def test_no_two_kernels_share_a_draw() -> None:
    """The counter's last word says what a draw is for."""
    from loantwin.engine import randomness
    from loantwin.engine.montecarlo import kernels as montecarlo
    from loantwin.processes.simulation import kernels as processes
    from loantwin.risk.loss.copula import kernels as copula

    purposes = [
        montecarlo.LOAN_PATHS, montecarlo.CELL_PATHS, randomness.LOAN_ENDS, randomness.LOAN_BALANCES,
        copula.PURPOSE, processes.PURPOSE,
    ]  # fmt: skip
    assert len({int(purpose) for purpose in purposes}) == len(purposes)
    assert (randomness.LOAN_PATHS, randomness.CELL_PATHS) == (montecarlo.LOAN_PATHS, montecarlo.CELL_PATHS)
    own = {path for path in FILES if "0xD2511F53" in path.read_text(encoding="utf-8")}
    known = {montecarlo.__name__, copula.__name__, processes.__name__}
    assert {name_of(path) for path in own} == known, "another file draws"


def test_a_cached_kernel_calls_functions_of_kernel_files_only() -> None:
    """Numba's cache looks at the file of the function alone: an edit of a helper elsewhere gives the old
    answer, but for the files whose hash the cache's name carries.
    """
    wrong = []
    for path in FILES:
        for node in each(path, ast.ImportFrom):
            assert isinstance(node, ast.ImportFrom)
            module = node.module or ""
            if module.startswith("loantwin") and module.rpartition(".")[2] != "kernels":
                wrong += [where(path, node) for item in node.names if not item.name.isupper()]
    assert not wrong


def test_an_edit_of_any_kernel_file_starts_a_new_cache(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(PACKAGE, tmp_path / "loantwin"))
    seen = {kernels._sources_hash(folder)}
    assert seen == {kernels._sources_hash(PACKAGE)}
    for path in FILES:
        copy = folder / path.relative_to(PACKAGE)
        copy.write_text(copy.read_text(encoding="utf-8") + "\n# edited\n", encoding="utf-8")
        seen.add(kernels._sources_hash(folder))
    assert len(seen) == len(FILES) + 1
    if kernels._CACHED:
        assert Path(numba.config.CACHE_DIR).name == f"kernels-{kernels._sources_hash(PACKAGE)}"
    # what is compiled elsewhere would be in no hash
    assert not [path for path in OTHERS if "import compiled" in path.read_text(encoding="utf-8")]


SHARED = {
    (name_of(path), name)
    for path in FILES
    for name, function in compiled_functions(path).items()
    if [word.arg for word in function.args.args[:2]] in (["first", "last"], ["begin", "end"])
}
"""Kernels that do a share of their work: from place `first` to before place `last`."""


def imported(path: Path) -> dict[str, str]:
    """Return what a file calls by which name: local name -> module, or module and function."""
    found = {}
    for node in each(path, ast.ImportFrom):
        assert isinstance(node, ast.ImportFrom)
        for item in node.names:
            found[item.asname or item.name] = f"{node.module}.{item.name}"
    return found


@pytest.mark.slow
def test_shared_work_is_called_through_in_shares_or_whole() -> None:
    bare, seen = [], set()
    for path in OTHERS:
        names = imported(path)
        for node in each(path, ast.Call):
            assert isinstance(node, ast.Call)
            own = [ast.unparse(word) for word in node.args]
            called = own[0] if ast.unparse(node.func) == "in_shares" else ast.unparse(node.func)
            first, _, rest = called.partition(".")
            module, _, function = f"{names.get(first, '')}.{rest}".rstrip(".").rpartition(".")
            if (module, function) in SHARED:
                seen.add((module, function))
                whole = called == own[0] or (own[0] == "0" and own[1].startswith("len("))
                bare += [] if whole else [where(path, node)]
    assert not bare
    assert len(seen) > 15, "calls are found"


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("count", [0, 1, 2, 13, 1000])
def test_shares_cover_everything_once(threads: int, count: int) -> None:
    taken: list[int] = []
    kernels.use_threads(threads)
    try:
        kernels.in_shares(lambda first, last, more: more.extend(range(first, last)), count, taken)
    finally:
        kernels.use_threads()
    assert sorted(taken) == list(range(count))


def test_what_a_share_raises_is_raised_here() -> None:
    def failing(first: int, last: int) -> None:
        if last == 100:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        kernels.in_shares(failing, 100)


RUNS = """
import os
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from loantwin.engine.columns import loan_columns
from loantwin.engine.runoff import build_cells

columns = loan_columns(segment=0, age=np.arange(300) % 7, state=0, product=0, remaining_months=24,
                       principal=np.full(300, 1000.0), annual_rate=0.05)
wanted = build_cells(columns, 12).balance
"""
IN_THREADS = """
with ThreadPoolExecutor(4) as pool:
    made = list(pool.map(lambda _: build_cells(columns, 12).balance, range(200)))
assert all((one == wanted).all() for one in made)
"""
IN_A_CHILD = """
if os.fork() == 0:
    os._exit(0 if (build_cells(columns, 12).balance == wanted).all() else 1)
assert os.wait()[1] == 0
"""


@pytest.mark.parametrize("script", [IN_THREADS, IN_A_CHILD])
def test_kernels_run_in_many_threads_and_after_a_fork(script: str) -> None:
    command = [sys.executable, "-W", "ignore", "-c", RUNS + script]
    made = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert made.returncode == 0, made.stderr[-500:]


def test_nothing_in_the_package_forks() -> None:
    """Polars waits for ever in a child forked after its threads have started."""
    imports = [
        (where(path, node), name)
        for path in OTHERS
        for node in each(path, ast.Import, ast.ImportFrom)
        for name in (
            [str(node.module)]  # type: ignore[attr-defined]
            if isinstance(node, ast.ImportFrom)
            else [item.name for item in node.names]  # type: ignore[attr-defined]
        )
    ]
    assert not [place for place, name in imports if name.partition(".")[0] == "multiprocessing"]
    texts = {path: path.read_text(encoding="utf-8") for path in OTHERS}
    assert not [path for path, text in texts.items() if "ProcessPoolExecutor" in text or "os.fork" in text]
