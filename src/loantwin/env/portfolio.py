"""`loantwin/Portfolio-v0`: one book, a month a step, the five levers as the action (docs/environment.md)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gymnasium
import numpy as np
from numpy.typing import NDArray

from loantwin.arrays import Floats
from loantwin.decisions.policy import PortfolioPolicy
from loantwin.decisions.portfolio import figures_of, levers_of, opening_figures
from loantwin.engine.step.economy import StepEconomy, check_economy, draw_episodes
from loantwin.engine.step.levers import LeverEffects
from loantwin.engine.step.step import step
from loantwin.engine.step.tables import StepFlows, StepTables, initial_state
from loantwin.env.built_in import built_in
from loantwin.env.money import minor_units
from loantwin.env.spaces import action_space, levers_from, observation_array, observation_space, reward
from loantwin.errors import UsageError, expected
from loantwin.types import LEVERS

if TYPE_CHECKING:
    from loantwin.twin import Twin

Observation = NDArray[np.float32]
Action = NDArray[np.float32]


def chosen_tables(
    twin: Twin | str | Path | None,
    tables: StepTables | None,
    economy: StepEconomy | None,
    horizon: int | None,
    paths: int | None = None,
    effects: LeverEffects | str | Path | None = None,
) -> tuple[StepTables, StepEconomy, int]:
    """Return an environment's tables (the twin's, those given, or the built-in book's) and horizon.

    Raises
    ------
    UsageError : a twin with tables, tables without an economy or the other way round, paths without a twin,
        or a horizon of less than a month or beyond the tables.
    """
    if (twin is not None and tables is not None) or (tables is None) != (economy is None):
        raise UsageError(
            expected("a twin, or tables and economy together, or neither", "another mix"), field="tables"
        )
    if horizon is not None and horizon < 1:
        raise UsageError(expected("at least 1 month", horizon), field="horizon")
    if paths is not None and twin is None:
        raise UsageError(expected("a twin whose economy is drawn", "another book"), field="paths")
    if twin is not None:
        from loantwin.env.load import load_tables  # polars and what follows, for a lender's book only

        tables, economy = load_tables(twin, horizon, paths)
    elif tables is None or economy is None:
        tables, economy = built_in(horizon or 36)
    length = tables.months if horizon is None else horizon
    if length > tables.months:
        raise UsageError(
            expected(f"at most {tables.months} months, the length of the tables", length), field="horizon"
        )
    check_economy(economy, tables.parameters, length)
    if effects is not None:
        tables = replace(tables, effects=chosen_effects(effects, tables.effects))
    return tables, economy, length


def chosen_effects(effects: LeverEffects | str | Path, assumed: LeverEffects) -> LeverEffects:
    """Return what the levers do: those given, or those of a file of `levers fit` in place of assumed ones.

    Raises
    ------
    ConfigError : a file that is none of levers. UsageError : an object that is no effects.
    """
    if isinstance(effects, str | Path):
        from loantwin.decisions.offers.fitted import read_levers  # polars, for a lender's own levers only

        return read_levers(effects).effects(assumed=assumed)[0]
    if not isinstance(effects, LeverEffects):
        raise UsageError(
            expected("lever effects, or a file of them", type(effects).__name__), field="effects"
        )
    return effects


class PortfolioEnv(gymnasium.Env[Observation, Action]):
    """A lender's book under an economy, steered by five levers.

    Parameters
    ----------
    twin : an open twin, or its folder, whose model was fitted; None takes the built-in book.
    tables, economy : a book and an economy of one's own, instead of `twin`.
    horizon : months of an episode; default all that the tables hold (36 for a twin and the built-in book).
    paths : macro paths that a twin's episodes are drawn from (default 64).
    effects : what the levers do, as `LeverEffects` or as a file of `levers fit`; None takes the assumed ones.
    render_mode : "ansi" lets `render()` return the month as a line of text.

    Raises
    ------
    UsageError : another render mode, and as `chosen_tables`.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012  # Gymnasium's own form

    def __init__(
        self,
        twin: Twin | str | Path | None = None,
        tables: StepTables | None = None,
        economy: StepEconomy | None = None,
        horizon: int | None = None,
        render_mode: str | None = None,
        paths: int | None = None,
        effects: LeverEffects | str | Path | None = None,
    ) -> None:
        if render_mode not in (None, "ansi"):
            raise UsageError(expected("render_mode ansi or none", str(render_mode)), field="render_mode")
        self.tables, self.economy, self.horizon = chosen_tables(
            twin, tables, economy, horizon, paths, effects
        )
        self.render_mode = render_mode
        self.factors = self.tables.parameters.factors
        self.action_space: gymnasium.Space[Action] = action_space()
        self.observation_space: gymnasium.Space[Observation] = observation_space(self.factors)
        self._start = opening_figures(self.tables, 1)
        self._state = initial_state(self.tables)
        self._history: list[StepFlows] = []
        self._covariates = np.zeros((1, self.horizon + 1, len(self.factors)))
        self._shocks = np.zeros((1, 0, len(self.tables.parameters.origin)))
        self._last_levers = np.zeros(len(LEVERS))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start an episode; all luck is drawn here, so that one seed gives two policies the same economy.

        Raises
        ------
        UsageError : any options.
        """
        # Trap: luck that follows the action. A draw made in `step` would give each policy its own economy.
        super().reset(seed=seed)
        if options:
            raise UsageError(expected("no options", ", ".join(options)), field="options")
        self._covariates, self._shocks = draw_episodes(
            self.economy, self.tables.parameters, self.horizon, 1, self.np_random
        )
        self._state, self._history = initial_state(self.tables), []
        self._last_levers = np.zeros(len(LEVERS))
        return self._seen(), {"month": 0, "minor_units": {}, "levers": dict.fromkeys(LEVERS, 0.0)}

    def step(self, action: Action) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Move the book a month; `info["minor_units"]` holds its amounts in cents, balanced exactly.

        Raises
        ------
        UsageError : before the first reset, or after the last month; an action that is not five numbers from
            -1 to 1.
        """
        month = self._state.month
        if month >= self._shocks.shape[1]:
            raise UsageError(
                expected("a reset before the first step and after the last one", f"month {month}"),
                field="month",
            )
        levers = levers_from(action).reshape(1, -1)
        before = self._state.in_default
        self._state, flows = step(self._state, levers, self._shocks[:, month], self.tables)
        self._history = [*self._history[-2:], flows]
        self._last_levers = levers[0]
        units = {name: int(value[0]) for name, value in minor_units(flows, before).items()}
        info = {
            "month": self._state.month,
            "minor_units": units,
            "levers": dict(zip(LEVERS, levers[0].tolist(), strict=True)),
            "new_lending_by_segment": dict(
                zip(self.tables.parameters.segments, flows.lent[0].tolist(), strict=False)
            ),
        }
        earned = float(reward(flows, self._start["balance"])[0])
        return self._seen(), earned, False, self._state.month >= self.horizon, info

    def action(self, policy: PortfolioPolicy) -> Action:
        """Return what a policy does in the present month, (5,), ready for `step`.

        Raises
        ------
        UsageError : an object that cannot steer this book, or answers with something else than levers.
        """
        return np.asarray(levers_of(policy, self._figures(), 1)[0], dtype=np.float32)

    def render(self) -> str | None:
        """Return the month as a line of text where the mode is "ansi"."""
        if self.render_mode != "ansi":
            return None
        seen = {name: float(value[0]) for name, value in self._figures().items()}
        settings = "  ".join(
            f"{name} {value:+.2f}" for name, value in zip(LEVERS, self._last_levers, strict=True)
        )
        return (
            f"month {seen['month']:3.0f}  balance {seen['balance_ratio']:7.3f}  past due "
            f"{seen['delinquent_share']:6.2%}  default {seen['default_rate']:6.2%}  profit "
            f"{seen['profit_rate']:+6.2%}  |  {settings}"
        )

    def _seen(self) -> Observation:
        return np.asarray(observation_array(self._figures(), self.factors, self.horizon)[0], dtype=np.float32)

    def _figures(self) -> dict[str, Floats]:
        # Trap: the future in the observation. Month t shows covariates up to t, and no latent effect.
        month = self._state.month
        return figures_of(month, self._history, self._start, self.factors, self._covariates[:, month])
