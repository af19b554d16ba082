"""Many books at once, for learning: `loantwin/Portfolio-v0`, compiled, all books in the same month."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from loantwin.arrays import Array, Floats
from loantwin.decisions.policy import PortfolioPolicy
from loantwin.decisions.portfolio import figures_of, levers_of, opening_figures
from loantwin.engine.step.batch import buffers, step_batch
from loantwin.engine.step.economy import StepEconomy, draw_episodes
from loantwin.engine.step.levers import LeverEffects
from loantwin.engine.step.tables import StepFlows, StepTables, initial_state
from loantwin.env.portfolio import chosen_tables
from loantwin.env.spaces import action_space, levers_from, observation_array, observation_space, reward
from loantwin.errors import UsageError, expected

if TYPE_CHECKING:
    from loantwin.twin import Twin


class PortfolioVectorEnv(VectorEnv[Array, Array, Array]):
    """`num_envs` books; arguments as in `PortfolioEnv`.

    All episodes end together, and the step after the end starts new ones.

    Luck is drawn for all books from one seed: book i of a batch of E is not book 0 of seed + i. Actions and
    rewards follow the single environment's rules; `info` holds the figures of the month as arrays (E,).

    Raises
    ------
    UsageError : no environment, a render mode, and as `chosen_tables`.
    """

    metadata = {"autoreset_mode": AutoresetMode.NEXT_STEP, "render_modes": []}  # noqa: RUF012  # Gymnasium's own form

    def __init__(
        self,
        num_envs: int = 1,
        twin: Twin | str | Path | None = None,
        tables: StepTables | None = None,
        economy: StepEconomy | None = None,
        horizon: int | None = None,
        render_mode: str | None = None,
        paths: int | None = None,
        effects: LeverEffects | str | Path | None = None,
    ) -> None:
        if num_envs < 1:
            raise UsageError(expected("at least 1 environment", num_envs), field="num_envs")
        if render_mode is not None:
            raise UsageError(expected("no render mode", render_mode), field="render_mode")
        self.num_envs, self.render_mode = num_envs, None
        self.tables, self.economy, self.horizon = chosen_tables(
            twin, tables, economy, horizon, paths, effects
        )
        self.factors = self.tables.parameters.factors
        self.single_action_space, self.single_observation_space = (
            action_space(),
            observation_space(self.factors),
        )
        self.action_space: gymnasium.Space[Array] = batch_space(self.single_action_space, num_envs)
        self.observation_space: gymnasium.Space[Array] = batch_space(self.single_observation_space, num_envs)
        self._start = opening_figures(self.tables, num_envs)
        self._memory = buffers(self.tables, num_envs)
        self._state = initial_state(self.tables, num_envs)
        self._history: list[StepFlows] = []
        self._covariates = np.zeros((num_envs, self.horizon + 1, len(self.factors)))
        self._shocks = np.zeros((num_envs, 0, len(self.tables.parameters.origin)))

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, dict[str, Any]]:
        """Start all episodes. `seed` is one number for all books.

        Raises
        ------
        UsageError : a list of seeds, or any options.
        """
        if isinstance(seed, list):
            raise UsageError(expected("one seed for all books", "a list"), field="seed")
        if options:
            raise UsageError(expected("no options", ", ".join(options)), field="options")
        super().reset(seed=seed)
        self._covariates, self._shocks = draw_episodes(
            self.economy, self.tables.parameters, self.horizon, self.num_envs, self.np_random
        )
        self._state, self._history = initial_state(self.tables, self.num_envs), []
        return self._seen(), {}

    def step(self, actions: Array) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """Move all books a month; after the last month, start new episodes with reward 0 instead.

        Raises
        ------
        UsageError : before the first reset; actions that are not (E, 5) numbers from -1 to 1.
        """
        month = self._state.month
        ended = np.zeros(self.num_envs, dtype=bool)
        if not self._shocks.shape[1]:
            raise UsageError(expected("a reset before the first step", "none"), field="month")
        if month >= self.horizon:
            seen, info = self.reset()
            return seen, np.zeros(self.num_envs), ended, ended.copy(), info
        levers = levers_from(actions)
        self._state, flows = step_batch(
            self._state, levers, self._shocks[:, month], self.tables, reuse=self._memory
        )
        kept = StepFlows(flows.values.copy(), flows.lent.copy())
        self._history = [*self._history[-2:], kept]
        info = {
            name: kept[name] for name in ("balance", "new_lending", "interest", "defaulted", "loss", "profit")
        }
        return (
            self._seen(),
            reward(kept, self._start["balance"]),
            ended,
            ended | (self._state.month >= self.horizon),
            info,
        )

    def action(self, policy: PortfolioPolicy) -> Array:
        """Return what a policy does with each book in the present month, (E, 5), ready for `step`.

        Raises
        ------
        UsageError : an object that cannot steer these books, or answers with something else than levers.
        """
        return levers_of(policy, self._figures(), self.num_envs).astype(np.float32)

    def _seen(self) -> Array:
        return observation_array(self._figures(), self.factors, self.horizon)

    def _figures(self) -> dict[str, Floats]:
        month = self._state.month
        return figures_of(month, self._history, self._start, self.factors, self._covariates[:, month])
