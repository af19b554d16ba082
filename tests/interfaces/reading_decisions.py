"""What tables of policies must tell."""

from __future__ import annotations

from typing import Any

from .reading import Rows, across, ends, of
from .tables import Table, find


@of("PolicyChecked")
def _checked(result: Any, found: list[Table]) -> Rows:
    facts = find(found, "The policy is")
    yield facts.fact("nodes"), result.nodes
    yield facts.fact("rows of tables"), result.rows
    yield facts.fact("tests it carries"), result.tests
    for title, blamed in (("To mend", True), ("Overlaps", False)):
        told = [item for item in result.findings if item.blamed is blamed]
        if told:
            rows = find(found, title).cells
            assert list(rows[0]) == ["kind", "node", "cell", "what"]
            for item, cells in zip(told, rows[1:], strict=True):
                yield from across(
                    dict(zip(rows[0], cells, strict=True)),
                    {"kind": item.kind, "node": item.node, "cell": item.cell, "what": item.words},
                )


@of("PolicyTested")
def _tested(result: Any, found: list[Table]) -> Rows:
    facts = find(found, "Tests of the policy")
    yield facts.fact("passed"), result.passed
    yield facts.fact("failed"), result.failed
    told = find(found, "Test by test")
    for item in result.tests:
        yield told.row(item.name)["result"], "passed" if item.passed else "failed"


@of("PolicyDifference")
def _difference(result: Any, found: list[Table]) -> Rows:
    facts = find(found, "Two policies")
    yield facts.fact("applications"), result.applications
    yield facts.fact("answered otherwise"), result.changed
    for name, before in result.outcomes_before.items():
        row = find(found, "Outcomes").row(name)
        yield from across(row, {"before": before, "after": result.outcomes_after[name]})
    moves = find(found, "Answered otherwise").cells
    for item, cells in zip(result.moves, moves[1:], strict=True):
        row = dict(zip(moves[0], cells, strict=True))
        granted = {"granted before": item.amount_before, "granted after": item.amount_after}
        yield from across(row, {"applications": item.applications, **granted})
    for item in result.changes:
        row = find(found, "For whom").row(item.application_id)
        amounts = {"amount before": item.amount_before, "amount after": item.amount_after}
        rates = {"rate before": item.annual_rate_before, "rate after": item.annual_rate_after}
        yield from across(row, {**amounts, **rates})


@of("LeversFitResult")
def _levers(result: Any, found: list[Table]) -> Rows:
    facts = find(found, "Levers fitted on")
    yield facts.fact("offers"), result.offers
    yield facts.fact("taken up"), result.taken_up
    yield facts.fact("take-up"), result.take_up
    yield facts.fact("mean rate"), result.mean_rate
    yield facts.fact("strata"), len(result.strata)
    yield facts.fact("one point"), result.point
    yield facts.fact("price was random"), "yes" if result.identified else "no"
    told = find(found, "What one point of price does")
    parts = result.arrears_parts
    effects = {
        "take-up, share of offers": result.take_up_slope,
        "elasticity of take-up": result.elasticity,
        f"size of a loan, {result.currency}": result.size_slope,
        f"arrears of a borrower, {result.currency}": result.arrears_slope,
        "arrears by who borrows": None if parts is None else parts.selection,
        "arrears by what they owe": None if parts is None else parts.burden,
    }
    for name, item in effects.items():
        if item is not None:
            values = {"value": item.value, "standard error": item.standard_error, "wider by": item.bias}
            yield from across(told.row(name), {**values, "95 % from": item.low, "to": item.high})
    if (value := result.policy_value) is not None:
        rows = find(found, "The price rule")
        yield rows.row("logged")["value"], value.logged
        rule = {"value": value.rule, "95 % from": value.low, "to": value.high}
        yield from across(rows.row("rule"), rule)
        for name, item in (
            ("rule less logged", value.difference),
            ("rule, by weighting alone", value.weighted),
        ):
            both = {"value": item.value, "95 % from": item.low, "to": item.high}
            yield from across(rows.row(name), both)
        rests = find(found, "What the value rests on")
        yield rests.fact("offers inside the band"), value.offers_inside
        yield rests.fact("effective sample"), value.effective_size
        yield rests.fact("heaviest weight"), value.heaviest
        yield rests.fact("weights trimmed"), value.trimmed
        yield rests.fact("band, points to each side"), value.band
    curve = find(found, "Take-up along the price").cells
    for item, cells in zip(result.curve, curve[1:], strict=True):
        row = dict(zip(curve[0], cells, strict=True))
        line = {"offered rate": item.offered_rate, "take-up": item.take_up, "offers near": item.offers}
        yield from across(row, {**line, "90 % from": item.p05, "to": item.p95, "seen": item.seen})
    for item in result.strata:
        row = find(found, "Prices by stratum").row(item.stratum)
        prices = {"lowest rate": item.lowest, "mean rate": item.mean, "highest rate": item.highest}
        counts = {"offers": item.offers, "taken up": item.taken_up, "prices": item.prices}
        yield from across(row, {**counts, **prices})
    for item in result.balance:
        row = find(found, "What was known before the price").row(item.covariate)
        known = {"correlation": item.correlation, "probability by chance": item.probability}
        yield from across(row, known)


@of("Priced")
def _priced(result: Any, found: list[Table]) -> Rows:
    facts = find(found, "Prices as of")
    yield facts.fact("applications"), result.applications
    yield facts.fact("priced"), result.priced
    parts = find(found, "Where the rate goes")
    for item, row in zip(result.parts, parts.cells[1:], strict=True):
        told = dict(zip(parts.cells[0], row, strict=True))
        yield from across(
            told,
            {
                "over the life": item.sign * item.amount.mean,
                "a year of balance": item.sign * item.annual_rate,
            },
        )
    prices = find(found, "Application by application")
    for item in result.prices[:12]:
        told = {
            "amount": item.amount, "months": item.term_months, "rate": item.annual_rate,
            "break-even rate": item.break_even_rate, "12-month PD": item.annual_pd,
            "break-even PD": item.break_even_pd, "RAROC": item.raroc,
            "economic profit": item.economic_profit, "verdict": item.verdict,
        }  # fmt: skip
        yield from across(prices.row(item.application_id), told)
    offers = result.offers
    made = find(found, "Best offers")
    yield made.fact("offers an applicant"), offers.offers
    yield made.fact("asked of the policy"), offers.asked
    yield made.fact("applicants with an offer"), offers.made
    yield made.fact("expected profit"), offers.expected_profit
    yield made.fact("expected lending"), offers.expected_lending
    yield made.fact("mean take-up"), offers.take_up
    best = find(found, "The best offer of each")
    for item in offers.rows[:12]:
        point = item.best
        told = {
            "amount": point.amount, "rate": point.annual_rate, "months": point.term_months,
            "pattern": point.pattern, "first payment": item.payment, "take-up": point.take_up,
            "if taken up": point.economic_profit, "expected profit": point.expected_profit,
            "frontier": len(item.frontier),
        }  # fmt: skip
        yield from across(best.row(item.application_id), told)
    steps = find(found, "Why not another")
    for reason in offers.rows[0].reasons:
        yield from across(steps.row(reason.step), {"why not": reason.why, "difference": reason.difference})
    for line in offers.budgets:
        told = {
            "budget": line.budget,
            "expected to be lent": line.expected,
            "one more unit earns": line.price,
        }
        yield from across(find(found, "Budgets").row(line.segment), told)
    counted = find(found, "What is counted")
    for line in result.costs:
        yield counted.row(line.name)["basis"], line.basis


@of("Decided")
def _decided(result: Any, found: list[Table]) -> Rows:
    facts = find(found, "Applications decided")
    yield facts.fact("applications"), result.applications
    yield facts.fact("counter-offers"), result.counter_offers
    yield facts.fact("recorded"), result.recorded
    yield facts.fact("letters"), len(result.letters)
    who = find(found, "Who decided").cells
    for item, cells in zip(result.deciders, who[1:], strict=True):
        row = dict(zip(who[0], cells, strict=True))
        told = {"role": item.role, "policy": item.policy, "score": item.model}
        yield from across(row, {**told, "share": item.share, "applications": item.applications})
    outcomes = find(found, "Outcomes")
    for item in result.outcomes:
        row = outcomes.row(item.outcome)
        told = {"applications": item.applications, "asked for": item.asked, "granted": item.granted}
        yield from across(row, {**told, "share": item.applications / result.applications})
    reasons = find(found, "Most frequent reasons").cells
    for item, cells in zip(result.reasons, reasons[1:], strict=False):
        row = dict(zip(reasons[0], cells, strict=True))
        yield from across(row, {"code": item.code, "reason": item.text, "applications": item.applications})
    first = find(found, "The first of them")
    for item in result.decisions[:10]:
        offer = None if item.counter_offer is None else item.counter_offer.amount
        told = {
            "outcome": item.outcome, "amount": item.amount, "rate": item.annual_rate,
            "months": item.term_months, "score": item.score, "12-month PD": item.annual_pd,
            "profit": item.expected_profit, "counter-offer": offer,
        }  # fmt: skip
        yield from across(first.row(item.application_id), told)


@of("PolicySimulated")
def _simulated(result: Any, found: list[Table]) -> Rows:
    facts = find(found, "A policy replayed")
    yield facts.fact("applications"), result.applications
    yield facts.fact("whose end was seen"), result.seen
    yield facts.fact("with a loss"), result.losses
    yield facts.fact("loss rate"), result.verdict
    for name, taken in result.decisions.items():
        row = find(found, "Decisions").row(name)
        yield from across(row, {"policy": taken, "in force": result.decisions_against[name]})
    money = find(found, "Money")
    approved = {"policy": result.approved_amount, "in force": result.approved_amount_against}
    yield from across(money.row("approved"), approved)
    lost = {"policy": result.realised_loss, "in force": result.realised_loss_against}
    yield from across(money.row("lost, of what was seen"), lost)
    if result.expected_loss is not None:
        yield money.row("loss expected")["policy"], result.expected_loss
    rate = find(found, "Loss rate").row("estimated loss / amount")
    yield from across(rate, {"policy": result.loss_rate, "in force": result.loss_rate_against})
    if (apart := result.rate_difference) is not None:
        yield from across(rate, {"apart": apart.value, "95 % from": apart.low, "to": apart.high})
    if result.estimated_loss is not None:
        row = money.row("lost, estimated")
        yield from across(row, {"policy": result.estimated_loss.value, "apart": result.difference.value})
        yield from ends(row["95 % interval"], result.difference.low, result.difference.high)
    if result.approved_unseen:
        told = find(found, "Loss of what is approved")
        for item in result.ways:
            row = told.row(item.way)
            yield row["loss"], item.value
            yield from ends(row["between"], item.low, item.high)
        if result.bounds is not None:
            yield from ends(told.row("bounds")["between"], result.bounds.low, result.bounds.high)
            yield from ends(told.row("no better")["between"], result.no_better, result.bounds.high)
    for item in result.rules:
        row = find(found, "Rules of law").row(item.article)
        yield from across(row, {"profile": item.profile, "approvals against": item.approvals})
    for item in result.by_segment[:15]:
        row = find(found, "By ").row(item.segment)
        counts = {"approved": item.approved, "before": item.approved_against, "verdict": item.verdict}
        loss = None if item.estimated_loss is None else item.estimated_loss.value
        yield from across(row, {**counts, "loss": loss})
        if item.bounds is not None:
            yield from across(row, {"least": item.bounds.low, "most": item.bounds.high})
        if (part := item.rate_difference) is not None:
            yield from across(row, {"rate apart": part.value, "95 % from": part.low, "to": part.high})


@of("Evidence")
def _evidence(result: Any, found: list[Table]) -> Rows:
    facts = find(found, f"Decision {result.decision_id}")
    yield facts.fact("application"), result.application_id
    yield facts.fact("derived again to the bit"), "yes" if result.same else "no"
    yield facts.fact("personal fields"), result.persons
    answer = find(found, "The answer")
    for name, value in result.recorded.items():
        yield from across(answer.row(name), {"recorded": value, "derived again": result.derived[name]})
    differs = find(found, "What differs").cells
    for item, cells in zip(result.differences, differs[1:], strict=True):
        row = dict(zip(differs[0], cells, strict=True))
        told = {"field": item.field, "recorded": item.recorded, "derived again": item.derived}
        yield from across(row, told)
    versions = find(found, "Other versions now")
    for item in result.versions:
        yield from across(versions.row(item.name), {"recorded": item.recorded, "now": item.now})
    shadows = find(found, "What shadows would have answered")
    for number, told in result.shadows.items():
        yield from across(shadows.row(number), {"outcome": told["outcome"], "amount": told["amount"]})
    loan = find(found, "What became of it")
    yield loan.fact("loan"), result.loan.loan_id
    yield loan.fact("days past due"), result.loan.days_past_due
    yield loan.fact("months since"), result.loan.months
    yield loan.fact("realised loss"), result.loan.realised_loss


@of("DecisionStopped")
def _stopped(result: Any, found: list[Table]) -> Rows:
    facts = find(found, result.name)
    told = {"id": result.subject, "by": result.by, "why": result.words, "event": result.event}
    for name, value in told.items():
        yield facts.fact(name), value


@of("DecisionList")
def _list(result: Any, found: list[Table]) -> Rows:
    facts = find(found, "Recorded decisions")
    yield facts.fact("decisions"), len(result.decisions)
    yield facts.fact("in the log"), result.all
    yield facts.fact("became loans"), result.became
    for name, number in result.outcomes.items():
        yield facts.fact(name), number
    told, year = result.realised, find(found, "Default within 12 months")
    for name, value in {
        "loans whose year is over": told.loans, "defaults": told.defaults, "predicted": told.predicted,
        "realised": told.realised, "95 % from": told.low, "to": told.high, "verdict": told.verdict,
    }.items():  # fmt: skip
        yield year.fact(name), value
    latest = find(found, "The latest of them")
    for item in result.decisions:
        row = latest.row(item.decision_id)
        values = {
            "application": item.application_id, "outcome": item.outcome, "amount": item.amount,
            "12-month PD": item.annual_pd, "loan": item.loan.state, "past due": item.loan.days_past_due,
        }  # fmt: skip
        yield from across(row, values)


@of("DecisionCompared")
def _compared(result: Any, found: list[Table]) -> Rows:
    who, what, alone = (
        find(found, name).cells for name in ("Who decided", "What they decided", "Decided without a person")
    )
    for item, first, second, third in zip(result.arms, who[1:], what[1:], alone[1:], strict=True):
        told = {"role": item.role, "policy": item.policy, "score": item.model}
        yield from across(dict(zip(who[0], first, strict=True)), {**told, "applications": item.applications})
        counts = {"approve": item.approve, "decline": item.decline, "refer": item.refer}
        row = dict(zip(what[0], second, strict=True))
        yield from across(row, {**counts, "granted": item.granted, "12-month PD": item.annual_pd})
        realised = {
            "alone": item.alone, "loans": item.loans, "defaults": item.defaults,
            "realised loss": item.loss_rate, "alone at equal loss": item.at_equal_loss,
        }  # fmt: skip
        yield from across(dict(zip(alone[0], third, strict=True)), realised)
    for test in result.tests:
        facts = find(found, f"Share {test.figure}: {test.challenger} beside")
        for name, value in {
            "champion": test.champion_share, "challenger": test.challenger_share,
            "difference": test.difference, "95 % from": test.low, "to": test.high,
            "days looked at": test.days, "verdict": test.verdict,
        }.items():  # fmt: skip
            yield facts.fact(name), value
