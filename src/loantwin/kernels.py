"""The one door to Numba: a typed `compiled` whose cache on disk cannot go stale or block an import.

Other files named `kernels.py` hold the kernels themselves. A cached kernel calls compiled functions of such
files only: Numba does not notice edits in another file, and the cache folder's name carries a hash of all of
these.
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import TypeVar, cast

import numba

from loantwin.config import cache_folder, thread_count

__all__ = ["compiled", "in_shares", "inlined", "use_threads"]

Function = TypeVar("Function", bound=Callable[..., object])

SHARES = 8
"""Shares of work a thread, so that uneven ones even out."""
KEPT_CACHES = 5
"""Versions whose compiled kernels stay on disk."""


def _sources_hash(root: Path) -> str:
    """Return a hash of every kernel file below a folder, so that an edit anywhere starts a new cache."""
    # Trap: a stale cache. Numba looks at a kernel's own file alone and would go on with the old answer.
    digest = sha256(numba.__version__.encode())
    for path in sorted(root.rglob("kernels.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _forget_old(folder: Path) -> None:
    """Take away the caches of versions long gone: all but the newest few."""
    found = sorted(folder.glob("kernels-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in found[KEPT_CACHES:]:
        shutil.rmtree(path, ignore_errors=True)


def _open_cache() -> bool:
    # Trap: no place for the cache. `cache=True` raises at import where neither the package nor HOME can be
    # written: the folder is named before Numba looks for one, else nothing is cached.
    folder = cache_folder()
    if folder is None:
        warnings.warn(
            "expected a writable cache folder, was none: kernels are compiled anew in each process; set "
            "LOANTWIN_CACHE_DIR",
            RuntimeWarning,
            stacklevel=2,
        )
        return False
    target = folder / f"kernels-{_sources_hash(Path(__file__).parent)}"
    target.mkdir(parents=True, exist_ok=True)
    _forget_old(folder)
    numba.config.CACHE_DIR = str(target)
    return True


_CACHED = _open_cache()


# Trap: a compiled helper of another file. Only files named kernels.py are in the hash of the cache's name.
def compiled(function: Function) -> Function:
    """Return the function as machine code, compiled when first called, cached on disk, without fastmath."""
    return _compiled(function)


def inlined(function: Function) -> Function:
    """Return what `compiled` returns, its code put in place of each call: where measured to be quicker."""
    return _compiled(function, forceinline=True)


def _compiled(function: Function, *, forceinline: bool = False) -> Function:
    # Trap: fastmath. It lets the compiler reorder sums, and another processor then gives another total.
    # Trap: two threads in one layer. Numba's workqueue ends the process where two Python threads enter its
    # parallel loops at once: no kernel has one, `in_shares` does their work.
    made = numba.njit(cache=_CACHED, nogil=True, error_model="numpy", forceinline=forceinline)(function)
    return cast(Function, made)


def in_shares(kernel: Callable[..., object], count: int, *arguments: object) -> None:
    """Call `kernel(first, last, *arguments)` for shares of range(count) on all threads, and wait.

    A compiled kernel lets the interpreter go, so that Python's threads run side by side. Numba's own parallel
    loops do no more and take three times as long to compile. Each place of the range writes rows of its own,
    so that neither threads nor shares change a bit.
    """
    threads = min(_threads_in_force(), count)
    if threads <= 1:
        kernel(0, count, *arguments)
        return
    pieces = min(threads * SHARES, count)
    bounds = [count * piece // pieces for piece in range(pieces + 1)]
    shares = iter(list(pairwise(bounds)))  # one iterator for all threads: each share is taken once

    def work() -> None:
        for first, last in shares:
            kernel(first, last, *arguments)

    others = [_workers(threads - 1).submit(work) for _ in range(threads - 1)]
    try:
        work()
    finally:
        for other in others:
            other.result()


@cache
def _workers(count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count, thread_name_prefix="loantwin-kernel")


# Trap: a fork after a kernel. A forked child has no worker threads: it starts its own pool, and processes of
# the package are spawned.
os.register_at_fork(after_in_child=_workers.cache_clear)
_in_force: list[int] = []


def _threads_in_force() -> int:
    return _in_force[0] if _in_force else use_threads()


def use_threads(count: int | None = None) -> int:
    """Set how many threads parallel kernels use (default: the configuration's); return the number."""
    wanted = thread_count() if count is None else count
    chosen = max(1, min(wanted, numba.config.NUMBA_NUM_THREADS)) if wanted else numba.config.NUMBA_NUM_THREADS
    _in_force[:] = [int(chosen)]
    return int(chosen)
