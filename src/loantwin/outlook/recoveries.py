"""What came back between two dates of amounts written off, as the source or the log tells."""

from __future__ import annotations

import datetime as dt
import math

import polars as pl

from loantwin.events.money import minor_units
from loantwin.twin import Twin


def recoveries(now: Twin, since: dt.date) -> tuple[float | None, tuple[str, ...]]:
    """Return what came back since a date of amounts written off, weighted, and how it was dated."""
    recorded = _recorded(now, since)
    told = math.fsum((recorded["amount"] * recorded["weight"]).to_list())
    if "recoveries" not in now.mapping.observes:
        if recorded.height:
            return told, ("recoveries: those that the log records; the tape tells none",)
        return None, ("recoveries: not observed, so that none stand in the bridge to profit",)
    panel = now.known_panel
    if panel is not None and "recovered" in panel.columns and panel["recovered"].is_not_null().any():
        rows = panel.filter((pl.col("report_date") > since) & (pl.col("recovered") != 0))
        rows = rows.select("loan_id", "recovered").join(
            now.known_loans.select("loan_id", "weight"), on="loan_id", how="inner", maintain_order="left"
        )
        return told + math.fsum((rows["recovered"] * rows["weight"]).to_list()), ()
    rows = now.known_loans.filter(pl.col("closed_date") > since)
    rows = rows.join(recorded.select("loan_id"), on="loan_id", how="anti", maintain_order="left")
    amount = (rows["recovered"].fill_null(0.0) * rows["weight"]).to_list()
    return told + math.fsum(amount), (
        "recoveries: each loan's whole recovery is counted on the day its recovery ended (assumed): the "
        "source dates no part of it",
    )


def _recorded(now: Twin, since: dt.date) -> pl.DataFrame:
    """Return recoveries that the log records as events since a date: loan_id, amount, weight."""
    units = minor_units(now.currency)
    found = [
        (event.data["loan_id"], event.data["amount"] / units)
        for event in now.home.log.read(until=now.head[0], types=("RecoveryReceived",))
        if since < event.happened <= now.as_of
    ]
    rows = pl.DataFrame(found, schema={"loan_id": pl.String, "amount": pl.Float64}, orient="row")
    return rows.join(
        now.known_loans.select("loan_id", "weight"), on="loan_id", how="inner", maintain_order="left"
    )
