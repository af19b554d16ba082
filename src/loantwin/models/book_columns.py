"""Live loans of a book as the columns the engine reads, coded as a model knows them."""

from __future__ import annotations

import datetime as dt
import warnings

import numpy as np
import polars as pl

from loantwin import months
from loantwin.arrays import Integers
from loantwin.book.book import Book
from loantwin.book.mapping import TapeFormat
from loantwin.book.schema import CLOSED_STATES, DEFAULT_STATES, PRODUCTS, STATES
from loantwin.book.segments import segment_labels
from loantwin.book.terms import patterns_of, rests
from loantwin.engine.columns import LoanColumns, balloon_amount
from loantwin.engine.columns import loan_columns as checked_columns
from loantwin.engine.rows import VINTAGE, published_state, published_states
from loantwin.errors import ModelError, expected
from loantwin.models.counts import LIKE_CURRENT, classes_today, segment_codes
from loantwin.models.fitted import FittedModel
from loantwin.models.memory import split_codes
from loantwin.models.scored import full_labels
from loantwin.models.transitions import POOLED
from loantwin.models.uncertainty import Directions
from loantwin.models.uncertainty import exposure_of as directions_of


def loan_columns(
    book: Book, model: FittedModel, mapping: TapeFormat, panel: pl.DataFrame | None = None
) -> LoanColumns:
    """Return the book's live loans as the engine's columns, coded as `model` knows them.

    panel : the history as known at the book's date, which tells what loans did before, where the model asks.
        A loan it does not show is read as one that was up to date before.

    A segment the model has never seen reads the pooled effect, with a warning that names it. Loans in
    default, and loans whose contract has ended, are not live: the caller finds them by `live_loans`. Missing
    terms raise, they are never guessed.

    Raises
    ------
    ModelError : a term that is missing, naming the first loan and the field.
    """
    loans = live_loans(book, model)
    labels = segment_labels(loans, mapping)
    known, _ = segment_codes(labels, model.parameters.segments)
    unknown = known < 0
    if unknown.any():
        names = ", ".join(sorted(set(labels.filter(pl.Series(unknown)).to_list()))[:5])
        warnings.warn(
            f"expected segments the model was fitted on, was {names}: {int(unknown.sum())} loans read the "
            "pooled effect",
            UserWarning,
            stacklevel=2,
        )
    codes = _codes(loans, labels.set(pl.Series(unknown), POOLED), book.as_of, model)
    anchor = months.anchor_day(book.as_of)
    now = months.month_of(book.as_of, anchor)
    start = months.months_of(_filled(loans, "origination_date").to_numpy(), anchor).astype(np.int64)
    term = _filled(loans, "term_months").to_numpy().astype(np.int64)
    principal = _filled(loans, "principal").to_numpy()
    rate = _filled(loans, "annual_rate").to_numpy()
    originated = loans["originated_amount"].fill_null(pl.Series(principal)).to_numpy()
    floating = (loans["rate_type"] == "floating").fill_null(False) & loans["rate_spread"].is_not_null()
    interest_only = loans["interest_only_months"].fill_null(0).to_numpy().astype(np.int64)
    return checked_columns(
        segment=codes,
        age=now - start,
        state=_state_codes(loans, model, panel, book.as_of),
        product=loans["product"]
        .replace_strict({name: place for place, name in enumerate(PRODUCTS)})
        .to_numpy()
        .astype(np.int64),
        remaining_months=start + term - now,
        principal=principal,
        annual_rate=rate,
        effective_annual_rate=loans["effective_annual_rate"].fill_null(pl.Series(rate)).to_numpy(),
        floating=floating.to_numpy(),
        rate_spread=loans["rate_spread"].fill_null(0.0).to_numpy(),
        rate_cap=loans["rate_cap"].fill_null(np.inf).to_numpy(),
        rate_floor=loans["rate_floor"].fill_null(-np.inf).to_numpy(),
        balloon=np.where(
            rests(loans),
            principal,
            balloon_amount(loans["balloon_share"].fill_null(0.0).to_numpy(), originated, principal),
        ),
        interest_only_months=np.maximum(interest_only - (now - start), 0),
        pattern=patterns_of(loans, book.as_of),
        undrawn=loans["undrawn"].fill_null(0.0).to_numpy(),
        accrued_interest=loans["accrued_interest"].fill_null(0.0).to_numpy(),
        guaranteed=loans["guaranteed_share"].fill_null(0.0).to_numpy(),
        weight=loans["weight"].to_numpy() * loans["on_book_probability"].fill_null(1.0).to_numpy(),
    )


def exposure_of(model: FittedModel, columns: LoanColumns, horizon: int) -> Directions:
    """Return where loans' weight lies in months 1..horizon: what `draw_shocks` makes their shocks from.

    Raises ModelError where the model has no errors of estimation.
    """
    if model.errors is None:
        raise ModelError(expected("a model with its errors of estimation", "none"), field="errors")
    return directions_of(model.parameters, model.errors, columns, horizon)


def _codes(loans: pl.DataFrame, labels: pl.Series, as_of: dt.date, model: FittedModel) -> Integers:
    """Return each loan's label: its vintage's where the model has one, else its size's or its segment's."""
    codes = by_size(loans, labels, model)
    if not any(VINTAGE in label for label in model.parameters.segments):
        return codes
    labels = full_labels(labels, loans, model.sizes, model.score)
    start = months.months_of(_filled(loans, "origination_date").to_numpy(), months.anchor_day(as_of)).astype(
        np.int64
    )
    own, _ = segment_codes(
        labels + VINTAGE + pl.Series(start // 12).cast(pl.String), model.parameters.segments
    )
    return np.where(own >= 0, own, codes)


def by_size(loans: pl.DataFrame, labels: pl.Series, model: FittedModel) -> Integers:
    """Return each loan's label of its segment, size and score, (N,): loss given default is told by it.

    labels : (N,) segment labels; one the model has never seen reads the pooled segment.
    """
    names = model.parameters.segments
    codes, _ = segment_codes(labels, names)
    labels, codes = labels.set(pl.Series(codes < 0), POOLED), np.where(codes < 0, names.index(POOLED), codes)
    if model.sizes is None and model.score is None:
        return codes
    own, _ = segment_codes(full_labels(labels, loans, model.sizes, model.score), names)
    return np.where(own >= 0, own, codes)


def live_loans(book: Book, model: FittedModel) -> pl.DataFrame:
    """Return the book's loans in a live state of the model, with a running contract, in the book's order."""
    anchor = months.anchor_day(book.as_of)
    now = months.month_of(book.as_of, anchor)
    live = list(_live_codes(model))
    day = pl.col("origination_date")
    start = (
        day.dt.year().cast(pl.Int64) * 12
        + day.dt.month().cast(pl.Int64)
        - 1
        + (day.dt.day() > anchor).cast(pl.Int64)
    )
    running = (start + pl.col("term_months") > now).fill_null(True)
    return book.loans.filter(pl.col("state").fill_null("current").is_in(live) & running)


def _state_codes(
    loans: pl.DataFrame, model: FittedModel, panel: pl.DataFrame | None, as_of: dt.date
) -> Integers:
    state = loans["state"].fill_null("current")
    codes = state.replace_strict(_live_codes(model)).to_numpy().astype(np.int64)
    live = model.parameters.states[: model.parameters.live]
    if panel is None or len(published_states(live)) == len(live):
        return codes
    kind = classes_today(
        loans["loan_id"], state.replace(dict.fromkeys(LIKE_CURRENT, "current")), panel, as_of
    )
    return split_codes(live, codes, kind)


def _live_codes(model: FittedModel) -> dict[str, int]:
    """Return each state of a loan that is neither in default nor closed, and its live state in the model.

    States the model does not tell apart (forborne, in probation, or past due where it was learnt from
    outcomes alone) read its first live state.
    """
    known: dict[str, int] = {}
    for place, name in enumerate(model.parameters.states[: model.parameters.live]):
        known.setdefault(published_state(name), place)
    return {name: known.get(name, 0) for name in STATES if name not in (*DEFAULT_STATES, *CLOSED_STATES)}


def unknown_states(book: Book, model: FittedModel) -> dict[str, int]:
    """Return the book's live states that the model does not tell from its first, with loan numbers."""
    known = {*published_states(model.parameters.states[: model.parameters.live]), *LIKE_CURRENT}
    counts = live_loans(book, model)["state"].fill_null("current").value_counts().sort("state")
    return {name: count for name, count in counts.iter_rows() if name not in known}


def _filled(loans: pl.DataFrame, name: str) -> pl.Series:
    column = loans[name]
    if column.null_count():
        missing = loans["loan_id"].filter(column.is_null())
        was = f"none, in {len(missing)} of {loans.height} loans"
        raise ModelError(
            f"expected a value (the mapping may derive one), was {was}", loan=missing[0], field=name
        )
    return column
