"""A book added up once to be asked often: discounted exposure by row, start age, start state and month.

A loan's probabilities depend on its segment, age and state alone, its exposure and discount on its contract
alone. So

    loss = sum over row x, age a, state s, month t of default[x, a, s, t] (charged_off W[x, a, s, t] -
    recovered V[x, a, s, t])

with W the discounted exposures of the loans that start there and V the same times the worth of a recovery at
default. W and V cost one pass over the loans; everything after that is as fast for a million loans as for a
thousand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loantwin.arrays import Floats, Integers
from loantwin.engine.assumptions import RunoffAssumptions
from loantwin.engine.cells import LossGivenDefault
from loantwin.engine.columns import LoanColumns, check_columns
from loantwin.engine.path import check_lgd
from loantwin.engine.rows import TransitionParameters, base_segments
from loantwin.errors import ModelError, expected


@dataclass(frozen=True)
class ExposureGrid:
    """A book of X rows (segments without vintages), A start ages from `first_age`, S start states, T months.

    label : (X, A) the model's segment of a row at a start age (a vintage follows from the age). states : (S,)
        live states.
    charged, recovered : (T, X, A, S) W and V of the module, currency. number : (T, X, A, S) loans whose
        contract still runs.
    """

    label: Integers
    first_age: int
    states: Integers
    charged: Floats
    recovered: Floats
    number: Floats

    @property
    def months(self) -> int:
        """Return T."""
        return len(self.charged)


def exposure_grid(
    parameters: TransitionParameters,
    columns: LoanColumns,
    lgd: LossGivenDefault,
    months: int,
    assumed: RunoffAssumptions,
    *,
    index_path: Floats | None = None,
    net: bool = True,
    horizon: Integers | None = None,
) -> ExposureGrid:
    """Return a book added up.

    Parameters
    ----------
    columns : N loans; case weights count. months : T. assumed : `runoff.assumptions`.
    index_path : (T,) index of floating rates, None keeps rates in force. net : less what guarantors bear.
    horizon : (N,) months counted of each loan, None all.

    Raises
    ------
    ModelError : no loans, shapes that do not fit, a loan out of range.
    """
    check_columns(columns)
    check_lgd(parameters, lgd)
    count = len(columns.principal)
    if not count:
        raise ModelError(expected("at least one loan", "none"), field="principal")
    for name, limit in (("segment", len(parameters.segments)), ("state", parameters.live)):
        if getattr(columns, name).max() >= limit:
            raise ModelError(expected(f"codes of 0 to {limit - 1}", getattr(columns, name).max()), field=name)
    index = np.zeros(0) if index_path is None else np.ascontiguousarray(index_path, dtype=np.float64)
    if index_path is not None and (index.shape != (months,) or not np.isfinite(index).all()):
        raise ModelError(
            expected(f"an index path of {months} finite months", index.shape), field="index_path"
        )
    if horizon is not None and (horizon.shape != (count,) or horizon.dtype.kind not in "iu"):
        raise ModelError(expected(f"{count} whole numbers", horizon.shape), field="horizon")
    from loantwin.engine.blocks import kernels
    from loantwin.engine.exposed.kernels import place_exposure
    from loantwin.engine.packing import pack
    from loantwin.kernels import in_shares

    row, label = _rows(parameters, columns)
    states, state = np.unique(columns.state, return_inverse=True)
    first, width = int(columns.age.min()), label.shape[1]
    shape = (len(label), width, len(states))
    place = np.ravel_multi_index((row, columns.age - first, state), shape)
    order, starts = kernels.counting_order(place, int(np.prod(shape)))
    packed = pack(columns, assumed)
    share = np.stack([columns.weight * ((1.0 - columns.guaranteed) if net else 1.0), columns.weight])
    until = np.full(count, months, dtype=np.int64) if horizon is None else horizon.astype(np.int64)
    made = np.zeros((int(np.prod(shape)), 3, months))
    in_shares(kernels.set_worth, len(packed), packed, np.ascontiguousarray(lgd.recovery_lag))
    arrears = assumed.arrears_months
    in_shares(place_exposure, len(starts) - 1, packed, order, starts, share, until, index, arrears, made)
    tables = (np.ascontiguousarray(made[:, item].T).reshape(months, *shape) for item in range(3))
    return ExposureGrid(label, first, states.astype(np.int64), *tables)


def _rows(parameters: TransitionParameters, columns: LoanColumns) -> tuple[Integers, Integers]:
    """Return each loan's row (N,), and the model's segment of each row and start age (X, A).

    A row holds one label at each age: a segment's vintages share one, because at a given date the age tells
    the vintage. Labels that meet at an age get rows of their own.
    """
    base = base_segments(parameters.segments)[columns.segment]
    first = int(columns.age.min())
    width = int(columns.age.max()) - first + 1
    size = len(parameters.segments)
    key = (base * width + columns.age - first) * size + columns.segment
    found, inverse = np.unique(key, return_inverse=True)
    where = found // size
    starts = np.flatnonzero(np.concatenate([[True], where[1:] != where[:-1]]))
    rank = np.arange(len(found)) - np.repeat(starts, np.diff(np.append(starts, len(found))))
    rows, row = np.unique(where // width * (int(rank.max()) + 1) + rank, return_inverse=True)
    label = np.repeat((rows // (int(rank.max()) + 1))[:, None], width, axis=1)
    label[row, where % width] = found % size
    return row[inverse].astype(np.int64), label.astype(np.int64)
