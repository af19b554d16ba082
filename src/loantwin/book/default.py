"""Default by a stated definition: counted on the loan or on its debtor, pulled by the rest, watched after a
change.

The definition is data of the mapping (`[default]`). It only ever adds defaults to those the source states.
"""

from __future__ import annotations

import polars as pl

from loantwin.book.arrears import live_state, observed_on, prefix, state_of_days, with_days, with_states
from loantwin.book.derive import condition
from loantwin.book.mapping import DebtorGroup, TapeFormat
from loantwin.book.schema import CLOSED_STATES, DEFAULT_STATES
from loantwin.errors import MappingError, expected

_WORK = ("\nstated", "\ngroup", "\ndebtor", "\nday", "\nowed", "\ndays", "\ncounted", "\nown", "\nin")


def with_standing(values: pl.DataFrame, mapping: TapeFormat) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Return parsed rows with days past due and states as far as they can be told, and what was done in
    words.

    Parameters
    ----------
    values : parsed rows of a tape, before a panel is parted; amounts in the book's currency.

    Raises
    ------
    MappingError : a panel without states or arrears; a group that reads a column the mapping does not make; a
        counter without what it counts from.
    """
    values = with_days(values, mapping)
    name = prefix(mapping) + "state"
    stated = (
        values[name]
        if name in values.columns
        else pl.Series([None], dtype=pl.String).new_from_index(0, len(values))
    )
    told = with_states(values, mapping)
    if not mapping.defines_default:
        return told, ()
    return _by_definition(
        told.with_columns(stated.is_in(DEFAULT_STATES).fill_null(False).alias("\nstated")), mapping
    )


def _by_definition(values: pl.DataFrame, mapping: TapeFormat) -> tuple[pl.DataFrame, tuple[str, ...]]:
    definition, state = mapping.default, prefix(mapping) + "state"
    rows = _prepared(values, mapping)
    if mapping.kind != "panel" and "default_date" in rows.columns:
        dated = (pl.col("default_date") <= pl.col("\nday")).fill_null(False)
        rows = rows.with_columns((pl.col("\nstated") | dated).alias("\nstated"))
    rows = rows.with_columns(_counted(rows, mapping).alias("\ncounted"))
    reached = (pl.col("\ncounted") >= definition.days).fill_null(False)
    live = ~pl.col(state).is_in(CLOSED_STATES).fill_null(False)
    rows = rows.with_columns((live & (pl.col("\nstated") | reached)).alias("\nown"))
    rows = rows.with_columns((live & (pl.col("\nown") | _with_debtor(rows, mapping))).alias("\nin"))
    counted = pl.when(reached).then("\ncounted").otherwise(float(definition.days))
    seen = pl.col(state)
    performing = (
        pl.when(seen.is_in(DEFAULT_STATES)).then(live_state(pl.col("\ndays").fill_null(0.0))).otherwise(seen)
    )
    entered = state_of_days(counted, definition.days)
    made = (
        pl.when("\nstated").then(seen).when("\nin").then(entered).when(live).then(performing).otherwise(seen)
    )
    rows = _watched(rows.with_columns(made.alias(state)), mapping, state)
    alone = pl.col("\nstated") | (pl.col("\ndays") >= definition.days).fill_null(False)
    pulled = int(rows.select((pl.col("\nin") & ~alone).sum()).item())
    words = [definition.words or f"default from {definition.days} days past due, as the mapping defines it"]
    words += [group.words for group in definition.groups if group.words]
    if pulled:
        what = "loan-months" if mapping.kind == "panel" else "loans"
        words.append(f"{pulled} {what} are in default with their debtor and not by their own arrears")
    return rows.drop(_WORK), tuple(words)


def _prepared(values: pl.DataFrame, mapping: TapeFormat) -> pl.DataFrame:
    names, own = set(values.columns), prefix(mapping)
    owed = [name for name in (f"{own}principal", "originated_amount") if name in names]
    group = pl.lit(None, pl.Int32)
    for place, entry in reversed(list(enumerate(mapping.default.groups))):
        group = pl.when(condition(entry.when, values.schema, mapping.file)).then(place).otherwise(group)
    state = [] if f"{own}state" in names else [pl.lit("current").alias(f"{own}state")]
    debtor = pl.coalesce("borrower_id", "loan_id") if "borrower_id" in names else pl.col("loan_id")
    days = pl.col(f"{own}days_past_due") if f"{own}days_past_due" in names else pl.lit(None, pl.Float64)
    return values.with_columns(
        *state,
        group.alias("\ngroup"),
        debtor.alias("\ndebtor"),
        observed_on(mapping).alias("\nday"),
        pl.coalesce(*owed, pl.lit(1.0)).alias("\nowed") if owed else pl.lit(1.0).alias("\nowed"),
        days.alias("\ndays"),
    )


def _counted(rows: pl.DataFrame, mapping: TapeFormat) -> pl.Expr:
    """Return the days that count towards default; those of a debtor's loans together where its group
    says so.
    """
    days = pl.col("\ndays")
    if mapping.default.counter == "material_breach":
        days = _since_breach(rows, mapping)
    together = _places(mapping, "level", "debtor")
    if not together:
        return days
    whole = days.max().over("\ndebtor", "\nday")
    return pl.when(pl.col("\ngroup").is_in(together)).then(whole).otherwise(days)


def _since_breach(rows: pl.DataFrame, mapping: TapeFormat) -> pl.Expr:
    """Return days since the amount past due became material, 0 where it is not.

    By the day the tape states; else, in a panel, since the first of the unbroken run of reports that show it
    material; else, at one date, the days past due of a loan whose arrears are material.
    """
    if "breach_date" in rows.columns:
        return (
            (pl.col("\nday") - pl.col("breach_date"))
            .dt.total_days()
            .clip(lower_bound=0)
            .fill_null(0)
            .cast(pl.Float64)
        )
    if "past_due" not in rows.columns:
        raise MappingError(
            expected("a checked column breach_date or past_due", "none"),
            file=mapping.file,
            field="default.counter",
        )
    material = _material(mapping)
    if mapping.kind != "panel":
        return pl.when(material).then("\ndays").otherwise(0.0)
    run = (~material).cast(pl.Int32).cum_sum().over("loan_id", order_by="\nday")
    first = pl.col("\nday").filter(material).min().over("loan_id", run)
    return pl.when(material).then((pl.col("\nday") - first).dt.total_days().cast(pl.Float64)).otherwise(0.0)


def _material(mapping: TapeFormat) -> pl.Expr:
    """Return whether the amount past due is above both limits of its group, of the loan or of its debtor."""
    due, owed = pl.col("past_due").fill_null(0.0), pl.col("\nowed")
    met = due > 0.0
    for place, group in enumerate(mapping.default.groups):
        own_due, own_owed = due, owed
        if group.level == "debtor":
            own_due, own_owed = (amount.sum().over("\ndebtor", "\nday") for amount in (due, owed))
        above = (own_due > group.least_amount) & (own_due > group.least_share * own_owed)
        met = pl.when(pl.col("\ngroup") == place).then(above).otherwise(met)
    return met


def _with_debtor(rows: pl.DataFrame, mapping: TapeFormat) -> pl.Expr:
    """Return which loans are in default because of what their debtor owes elsewhere, here or to other
    lenders.
    """
    owed, bad = pl.col("\nowed"), pl.col("\nown")
    whole = owed.sum().over("\ndebtor", "\nday")
    share = pl.when(whole > 0.0).then((owed * bad).sum().over("\ndebtor", "\nday") / whole)
    drawn = pl.lit(False)
    for place, group in enumerate(mapping.default.groups):
        within = pl.col("\ngroup") == place
        drawn |= within & (share > _pull(group))
        if group.elsewhere_share < 1.0:
            if "past_due_elsewhere" not in rows.columns:
                raise MappingError(
                    expected("a checked column past_due_elsewhere", "none"),
                    file=mapping.file,
                    field=f"default.group {place + 1}.elsewhere_share",
                )
            worst = pl.col("past_due_elsewhere").max().over("\ndebtor", "\nday")
            drawn |= within & (worst > group.elsewhere_share)
    return drawn.fill_null(False)


def _pull(group: DebtorGroup) -> float:
    """Return the share of a debtor's exposure beyond which all of it is in default; any at the debtor's
    level.
    """
    return 0.0 if group.level == "debtor" and group.pulling_share == 1.0 else group.pulling_share


def _watched(rows: pl.DataFrame, mapping: TapeFormat, state: str) -> pl.DataFrame:
    """Keep a restructured loan under observation: non-performing where it was in default when
    restructured.
    """
    months = mapping.default.observation_months
    if not months or "restructured_date" not in rows.columns:
        return rows
    day, since = pl.col("\nday"), pl.col("restructured_date")
    if mapping.kind == "panel":
        since = since.max().over("loan_id")
        was = (pl.col("\nin") & (day <= since)).any().over("loan_id")
    elif "default_date" in rows.columns:
        was = pl.col("default_date") <= since
    else:
        was = pl.lit(False)
    within = (since <= day) & (day < since.dt.offset_by(f"{months}mo"))
    watched = pl.when(was.fill_null(False)).then(pl.lit("forborne_non_performing"))
    performing = ~pl.col(state).is_in([*DEFAULT_STATES, *CLOSED_STATES]).fill_null(False)
    kept = pl.when((within & performing).fill_null(False))
    return rows.with_columns(
        kept.then(watched.otherwise(pl.lit("forborne_performing"))).otherwise(pl.col(state)).alias(state)
    )


def _places(mapping: TapeFormat, key: str, value: str) -> list[int]:
    return [place for place, group in enumerate(mapping.default.groups) if getattr(group, key) == value]
