"""The one door to Numba: a typed `compiled` decorator with an on-disk cache that cannot go stale or block an
import.

Other files named `kernels.py` hold the kernels themselves. A cached kernel calls compiled functions of its
own file only, because Numba does not notice edits in another file; the cache folder's name carries a hash of
all kernel files.
"""

from __future__ import annotations

import shutil
import threading
import warnings
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TypeVar, cast

import numba
from numba import prange

from loantwin.config import cache_folder, thread_count

__all__ = ["PARALLEL", "compiled", "prange", "use_threads"]

Function = TypeVar("Function", bound=Callable[..., object])

# Trap: two threads in one layer. Numba's workqueue, which every machine has, ends the process where two
# Python threads enter parallel kernels at once.
PARALLEL = threading.RLock()
"""Held around every call of a parallel kernel: Numba's workqueue layer aborts when two threads enter at
once.
"""


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


def compiled(*, parallel: bool = False) -> Callable[[Function], Function]:
    """Return a decorator that compiles a function to machine code, cached on disk, without fastmath."""

    # Trap: fastmath. It lets the compiler reorder sums, and another processor then gives another total.
    def decorate(function: Function) -> Function:
        made = numba.njit(parallel=parallel, cache=_CACHED, nogil=True, error_model="numpy")(function)
        return cast(Function, made)

    return decorate


def use_threads(count: int | None = None) -> int:
    """Set how many threads parallel kernels use (default: the configuration's) and return the number in
    force.
    """
    # Trap: a fork after a kernel. GNU's OpenMP ends a forked child at its first: processes are spawned.
    wanted = thread_count() if count is None else count
    chosen = max(1, min(wanted, numba.config.NUMBA_NUM_THREADS)) if wanted else numba.config.NUMBA_NUM_THREADS
    numba.set_num_threads(chosen)
    return int(chosen)
