"""The page of a backtest."""
