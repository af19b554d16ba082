"""Erlang's formulas against published values, and against the chain's stationary law, solved by itself."""

from __future__ import annotations

import numpy as np
import pytest

from loantwin.processes.queues import erlang_a, erlang_c


@pytest.mark.parametrize(
    ("load", "people", "waiting"),
    [(8.0, 10, 0.4092), (1.0, 2, 1 / 3), (0.5, 1, 0.5), (2.0, 3, 4 / 9), (18.0, 20, 0.5508)],
)
def test_erlang_c_gives_the_tabled_probability(load: float, people: int, waiting: float) -> None:
    found = erlang_c(load, 1.0, people)
    assert found.waiting_probability == pytest.approx(waiting, abs=5e-5)
    assert found.mean_wait == pytest.approx(waiting / (people - load), abs=5e-5)


@pytest.mark.parametrize(
    ("rate", "own", "people", "patience"), [(3.0, 1.0, 2, 0.5), (10.0, 2.0, 6, 1.5), (40.0, 1.0, 30, 0.2)]
)
def test_erlang_a_is_the_stationary_law_of_its_chain(
    rate: float, own: float, people: int, patience: float
) -> None:
    size = 400
    generator = np.zeros((size, size))
    for number in range(size - 1):
        generator[number, number + 1] = rate
        generator[number + 1, number] = own * min(number + 1, people) + max(number + 1 - people, 0) / patience
    generator -= np.diag(generator.sum(axis=1))
    law = np.linalg.lstsq(
        np.vstack([generator.T, np.ones(size)]), np.append(np.zeros(size), 1.0), rcond=None
    )[0]
    queued = law @ np.maximum(np.arange(size) - people, 0)
    found = erlang_a(rate, own, people, patience)
    assert found.waiting_probability == pytest.approx(law[people:].sum(), rel=1e-9)
    assert found.mean_wait == pytest.approx(queued / rate, rel=1e-9)
    assert found.abandoned == pytest.approx(queued / patience / rate, rel=1e-9)


def test_patience_without_end_is_erlang_c() -> None:
    plain, patient = erlang_c(4.0, 1.0, 6), erlang_a(4.0, 1.0, 6, 1e9)
    assert patient.waiting_probability == pytest.approx(plain.waiting_probability, rel=1e-6)
    assert patient.mean_wait == pytest.approx(plain.mean_wait, rel=1e-6)
