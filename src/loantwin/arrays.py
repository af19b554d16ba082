"""Array types by their element, named once. Shapes stand in docstrings, by letter."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
"""Money, rates, probabilities."""
Integers = NDArray[np.int64]
"""Codes, counts, months, minor units."""
Flags = NDArray[np.bool_]
"""Masks and yes or no."""
Codes = NDArray[np.int8]
"""Small codes in tables of many rows: states, kinds."""
Words = NDArray[np.uint32]
"""Counter words of a random generator."""
SmallFloats = NDArray[np.float32]
"""What an agent sees and does."""
Complexes = NDArray[np.complex128]
"""Fourier transforms."""
Array = NDArray[Any]
"""Whatever a kernel is handed."""
