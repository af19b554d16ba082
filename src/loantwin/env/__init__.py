"""Environments to try policies in: importing this registers `loantwin/Portfolio-v0` with Gymnasium."""

from __future__ import annotations

import gymnasium

gymnasium.register(
    id="loantwin/Portfolio-v0",
    entry_point="loantwin.env.portfolio:PortfolioEnv",
    vector_entry_point="loantwin.env.vector:PortfolioVectorEnv",
)
