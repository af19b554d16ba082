"""What an open twin keeps: made once, by one thread, bounded, and forgotten when its sources change."""

import threading
import time

import numpy as np
import polars as pl
import pytest

from loantwin.kept import MOST_KEYS, Store, kept, size_of


class Holder:
    def __init__(self):
        self.store, self.made = Store(), 0

    @kept("tape", "date")
    def slow(self):
        self.made += 1
        time.sleep(0.05)
        return object()

    @kept("tape")
    def fast(self):
        """A docstring."""
        return [self.slow]


def test_eight_threads_get_the_one_thing_that_one_of_them_made():
    holder, seen, gate = Holder(), [], threading.Barrier(8)

    def read():
        gate.wait()
        seen.append(holder.fast[0] if threading.get_ident() % 2 else holder.slow)

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert holder.made == 1
    assert len({id(item) for item in seen}) == 1
    assert len(seen) == 8


def test_what_changed_takes_with_it_only_what_was_made_from_it():
    holder = Holder()
    slow, fast = holder.slow, holder.fast
    later = Holder()
    later.store = holder.store.without({"date"})
    assert later.fast is fast
    assert later.slow is not slow
    assert holder.slow is slow  # the old view keeps its own
    assert holder.store.without(()) is holder.store


def test_keys_are_bounded_and_the_one_used_longest_ago_goes_first():
    store, made = Store(), []

    def get(key):
        return store.get("by horizon", ("tape",), lambda: made.append(key) or key, key)

    for key in range(MOST_KEYS):
        get(key)
    get(0)  # used again
    get(MOST_KEYS)  # one too many: 1 goes
    made.clear()
    assert [get(key) for key in (0, 2, MOST_KEYS, 1)] == [0, 2, MOST_KEYS, 1]
    assert made == [1]


def test_an_error_keeps_nothing():
    store, calls = Store(), []

    def make():
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("first")
        return "second"

    with pytest.raises(ValueError, match="first"):
        store.get("x", ("tape",), make)
    assert store.get("x", ("tape",), make) == "second"


def test_sizes_are_those_of_arrays_and_tables():
    store = Store()
    frame = pl.DataFrame({"a": np.zeros(1000), "b": np.zeros(1000, dtype=np.int32)})
    store.put("frame", ("tape",), frame)
    store.put("arrays", ("tape",), {"x": np.zeros(10), "y": [np.zeros(5, dtype=np.int8), "text"]})
    assert store.sizes() == {"frame": 12_000, "arrays": 80 + 5 + 4}
    assert size_of(object()) == 0
