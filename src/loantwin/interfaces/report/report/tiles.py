"""The headline figures of a report."""

from __future__ import annotations

from loantwin.interfaces.report.blocks import Tile, percent
from loantwin.interfaces.report.labels import accuracy_words, counted, money
from loantwin.interfaces.report.report.findings import Findings
from loantwin.interfaces.report.stress.figures import worst
from loantwin.outlook.comparison import GENERATED
from loantwin.verbs.forecast import withdrawn_words


def summary(found: Findings) -> str:
    """Return the book, what of it is expected to default, what is set aside and how bad a year can get."""
    ifrs9, loss, rate = found.provisions["ifrs9"], found.loss, found.forecast.default_rate
    balance, currency = _on_book(found)[0], found.twin.currency
    covered = ifrs9.allowance / max(ifrs9.exposure, 1e-300)
    defaults = ""
    if rate is not None:
        held = (
            ""
            if "default_rate" in found.forecast.withdrawn
            else f" (90 % interval {percent(rate.p05)} to {percent(rate.p95)})"
        )
        defaults = f" {percent(rate.mean)}{held} of it is expected to default within a year."
    said = (
        f"The book holds {money(balance)} {currency}.{defaults} The IFRS 9 allowance is "
        f"{money(ifrs9.allowance)} {currency}, {percent(covered)} of the exposure. "
        f"In one year of {1 / (1 - loss.confidence):,.0f} the loss would be more than "
        f"{money(loss.var.value)} {currency}."
    )
    if found.stress is None or len(found.stress.scenarios) < 2:
        return said
    name = worst(found.stress)
    hard, base = found.stress.scenarios[name], found.stress.scenarios[found.stress.baseline]
    return (
        f"{said} Under {name}, {money(hard.defaulted)} {currency} would default in "
        f"{found.stress.months} months, "
        f"against {money(base.defaulted)} under {found.stress.baseline}."
    )


def tiles(found: Findings) -> tuple[Tile, ...]:
    """Return the figures a manager asks for first."""
    ifrs9, loss = found.provisions["ifrs9"], found.loss
    rate = found.forecast.default_rate
    mapping, currency = found.twin.mapping, found.twin.currency
    balance, expected, all_loans = _on_book(found)
    made = [
        Tile(
            "Balance on the book",
            f"{money(balance)} {currency}",
            _loans(expected, all_loans) + ("" if "balance" in mapping.observes else ", balance assumed"),
        ),
        Tile(
            "Default rate, next 12 months",
            "–" if rate is None else percent(rate.mean),
            "the forecast is shorter than a year"
            if rate is None
            else withdrawn_words(
                found.forecast.withdrawn,
                "default_rate",
                f"90 % interval {percent(rate.p05)} to {percent(rate.p95)}",
            ),
        ),
        Tile(
            "IFRS 9 allowance",
            f"{money(ifrs9.allowance)} {currency}",
            f"coverage {percent(ifrs9.allowance / max(ifrs9.exposure, 1e-300))}, net of guarantees",
        ),
        Tile(
            "Expected loss, 12 months",
            f"{money(loss.expected_loss.value)} {currency}",
            "present value, net of guarantees",
        ),
        Tile(
            f"Value at risk {100 * loss.confidence:g} %",
            f"{money(loss.var.value)} {currency}",
            f"12 months, standard error {money(loss.var.standard_error)}",
        ),
    ]
    if found.comparison is not None:
        scores = found.comparison.scores["number"]
        ours, rival, generated = (scores.get(name) for name in ("loantwin", "last year's rate", GENERATED))
        if ours is not None and rival is not None and ours.accuracy is not None:
            other = None if generated is None else generated.accuracy
            aside = "" if other is None else f"generated economies: {accuracy_words(other)}; "
            made.append(
                Tile(
                    "Accuracy beside what happened",
                    accuracy_words(ours.accuracy),
                    f"given the economy that came; {aside}last year's rate: {accuracy_words(rival.accuracy)}",
                )
            )
    return tuple(made)


def _on_book(found: Findings) -> tuple[float, float, float]:
    """Return the book's balance, expected number and number of loans; two as the book's table has them."""
    loans = found.book
    number = loans["weight"] * loans["on_book_probability"].fill_null(1.0)
    return float((number * loans["principal"]).sum()), float(number.sum()), float(loans["weight"].sum())


def _loans(expected: float, all_loans: float) -> str:
    if expected >= all_loans - 0.5:
        return counted(all_loans, "loan")
    return f"{expected:,.0f} of {counted(all_loans, 'loan')} expected still on it"
