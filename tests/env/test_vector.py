"""Many books at once against one at a time."""

import gymnasium
import numpy as np
import pytest

import loantwin.env
from loantwin.engine.step.step import step
from loantwin.engine.step.tables import initial_state
from loantwin.env.spaces import reward
from loantwin.errors import UsageError

NAME = "loantwin/Portfolio-v0"


def made(**arguments):
    assert loantwin.env is not None
    return gymnasium.make_vec(NAME, vectorization_mode="vector_entry_point", **arguments)


@pytest.mark.slow
def test_each_book_is_stepped_as_it_would_be_alone():
    envs = made(num_envs=5, horizon=4)
    seen, _ = envs.reset(seed=3)
    assert envs.observation_space.contains(seen)
    random = np.random.Generator(np.random.Philox(key=2))
    inner = envs.unwrapped
    states = [initial_state(inner.tables) for _ in range(5)]
    for month in range(4):
        actions = random.uniform(-1, 1, (5, 5)).astype(np.float32)
        seen, earned, terminated, truncated, _ = envs.step(actions)
        assert envs.observation_space.contains(seen)
        assert not terminated.any()
        assert truncated.all() == (month == 3)
        for book in range(5):
            shocks = inner._shocks[book : book + 1, month]
            states[book], flows = step(
                states[book], actions[book : book + 1].astype(float), shocks, inner.tables
            )
            assert earned[book] == pytest.approx(reward(flows, inner._start["balance"][:1])[0], rel=1e-9)
    seen, earned, _, truncated, _ = envs.step(np.zeros((5, 5), dtype=np.float32))
    assert (seen[:, 0] == 0).all()
    assert not earned.any()
    assert not truncated.any()


def test_one_seed_one_batch():
    first, second = made(num_envs=3, horizon=2), made(num_envs=3, horizon=2)
    assert np.array_equal(first.reset(seed=9)[0], second.reset(seed=9)[0])
    still = np.zeros((3, 5), dtype=np.float32)
    assert np.array_equal(first.step(still)[1], second.step(still)[1])
    assert len(set(first.step(still)[1].tolist())) == 3, "each book has its own luck"


def test_wrong_use_is_named():
    envs = made(num_envs=2, horizon=2)
    with pytest.raises(UsageError, match="reset"):
        envs.step(np.zeros((2, 5), dtype=np.float32))
    with pytest.raises(UsageError, match="seed"):
        envs.reset(seed=[1, 2])
    with pytest.raises(UsageError, match="num_envs"):
        made(num_envs=0)


WRONG = {
    "one row": np.zeros((1, 5)),
    "too few rows": np.zeros((2, 5)),
    "too many rows": np.zeros((4, 5)),
    "too few levers": np.zeros((3, 4)),
    "flat": np.zeros(15),
    "one book": np.zeros(5),
    "nan": np.full((3, 5), np.nan),
    "beyond": np.full((3, 5), 1.5),
    "negative": np.full((3, 5), -2.0),
    "texts": np.full((3, 5), "up"),
    "objects": np.full((3, 5), None),
    "complex": np.zeros((3, 5), dtype=complex),
    "flags": np.zeros((3, 5), dtype=bool),
    "ragged": [[0.0] * 5, [0.0] * 5, [0.0] * 4],
    "none": None,
    "empty": [],
}


@pytest.mark.parametrize("kind", WRONG)
def test_actions_that_fit_no_books_are_named_and_move_nothing(kind):
    # 64-bit rows beyond the last book lie outside the array that the kernel is handed
    envs = made(num_envs=3, horizon=3)
    envs.reset(seed=1)
    with pytest.raises(UsageError, match=r"lever|actions?"):
        envs.unwrapped.step(WRONG[kind])
    still = np.zeros((3, 5), dtype=np.float32)
    other = made(num_envs=3, horizon=3)
    other.reset(seed=1)
    assert np.array_equal(envs.step(still)[0], other.step(still)[0])


@pytest.mark.parametrize("kind", [name for name in WRONG if name not in ("one row", "one book")])
def test_one_book_names_them_too(kind):
    env = gymnasium.make(NAME, horizon=3, disable_env_checker=True).unwrapped
    env.reset(seed=1)
    with pytest.raises(UsageError, match=r"lever|actions?"):
        env.step(WRONG[kind])


def test_whole_numbers_and_lists_are_actions():
    envs = made(num_envs=3, horizon=3)
    envs.reset(seed=1)
    first = envs.unwrapped.step([[0] * 5] * 3)[1]
    envs.reset(seed=1)
    assert np.array_equal(first, envs.step(np.zeros((3, 5), dtype=np.float32))[1])
