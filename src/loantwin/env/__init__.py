"""Environments to try policies in: importing this registers `loantwin/Portfolio-v0` with Gymnasium."""

from __future__ import annotations

from loantwin.extras import require

require("env")

import gymnasium  # noqa: E402  # the sentence that names the extra comes first

gymnasium.register(
    id="loantwin/Portfolio-v0",
    entry_point="loantwin.env.portfolio:PortfolioEnv",
    vector_entry_point="loantwin.env.vector:PortfolioVectorEnv",
)
