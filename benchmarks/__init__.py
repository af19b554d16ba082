"""Measurements behind BENCHMARKS.md. Each module has `run() -> list[dict]` with work, reach, measured, unit,
detail.
"""
