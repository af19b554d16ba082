"""What is told of a training's columns and of a scorecard's bins."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FeatureTold:
    """A column that the models read.

    missing : share of rows without it. levels : of a category, the rare ones left out. rare : how many texts
    share one level. information : information value of its bins. stability : index of how far it moved
    between training and later rows, null of folds.
    """

    name: str
    kind: str
    missing: float
    levels: int
    rare: int
    information: float
    stability: float | None


@dataclass(frozen=True)
class PointsTold:
    """A bin of the scorecard: points of a case in it, rows and share of bads there."""

    column: str
    bin: str
    points: float
    rows: int
    bad_rate: float | None
