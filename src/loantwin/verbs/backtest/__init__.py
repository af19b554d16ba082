"""The backtest."""
