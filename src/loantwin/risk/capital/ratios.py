"""Capital ratios, buffers, what may be paid out, output floor, leverage, expected loss against provisions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from loantwin import arguments as check
from loantwin.errors import RiskError, expected
from loantwin.files import read_toml
from loantwin.risk.capital.national import AllowanceRule
from loantwin.risk.capital.options import Options
from loantwin.risk.capital.options_reader import OptionsReader

TIER2_PROVISIONS = 0.006
"""Most excess of provisions over expected loss in tier 2: share of IRB credit RWA (CAP10.19)."""


@dataclass(frozen=True)
class OwnFunds:
    """A bank's own funds and what else its ratios need, in the book's currency, ratios decimal.

    cet1, additional_tier1, tier2 : after deductions. other_rwa : name -> risk-weighted assets beside this
        book (market, operational risk, other credit). leverage_exposure : exposure measure; None takes this
        book's exposure alone.
    allowance : for credit losses (general provisions), where the standardised approach lets it count; `tier2`
        is then without it. None leaves it out.
    countercyclical, gsib : buffer rates. eligible_provisions : for the comparison with expected loss; None
        leaves it out.
    earnings : of the distribution period, for the most that may be paid out; None gives only the share.
    """

    cet1: float
    additional_tier1: float = 0.0
    tier2: float = 0.0
    other_rwa: Mapping[str, float] = field(default_factory=dict)
    leverage_exposure: float | None = None
    countercyclical: float = 0.0
    gsib: float = 0.0
    eligible_provisions: float | None = None
    earnings: float | None = None
    allowance: float | None = None

    @property
    def tier1(self) -> float:
        """Return CET1 and additional tier 1."""
        return self.cet1 + self.additional_tier1


@dataclass(frozen=True)
class Ratio:
    """A ratio: capital / amount, the least required, with buffers, and the amount capital exceeds it by."""

    value: float
    minimum: float
    with_buffers: float
    headroom: float


@dataclass(frozen=True)
class Ratios:
    """Ratios of one approach. rwa : after the output floor. payout_share : most of earnings that may be
    distributed, null where a minimum is missed (then nothing may be, and the supervisor acts); payout : the
    same in currency, null without
    earnings. binding : the ratio with the least headroom."""

    rwa: float
    cet1: Ratio
    tier1: Ratio
    total: Ratio
    leverage: Ratio
    buffers: Mapping[str, float]
    payout_share: float | None
    payout: float | None
    binding: str


@dataclass(frozen=True)
class OutputFloorResult:
    """Share x standardised RWA against internal RWA; `added` is what the floor adds."""

    share: float
    words: str
    internal: float
    standardised: float
    floor: float
    used: float
    added: float
    binds: bool


@dataclass(frozen=True)
class AllowanceLimit:
    """An allowance under the standardised approach: what counts in tier 2, what is beyond the limit, and what
    of that is taken off risk-weighted assets."""

    allowance: float
    limit: float
    tier2: float
    excess: float
    deducted: float


@dataclass(frozen=True)
class ProvisionGap:
    """Expected loss of IRB exposures against eligible provisions (CRE35). shortfall is deducted from CET1
    (CAP30.13); tier2 is the part of an excess that counts."""

    expected_loss: float
    provisions: float
    shortfall: float
    excess: float
    tier2: float


def load_own_funds(path: Path) -> OwnFunds:
    """Return own funds of a TOML file: cet1, further tiers, other risk-weighted assets, buffers.

    Raises
    ------
    RiskError : no such file, no TOML, an unknown key, a negative amount, a rate beyond 1.
    """
    check.kind(Path, path=path)
    read = OptionsReader(read_toml(path, "own funds", RiskError, "own_funds"), path)
    other = read.inner("other_rwa") if read.has("other_rwa") else None

    def amount(key: str) -> float | None:
        return read.number(key, 0.0, math.inf) if read.has(key) else None

    return OwnFunds(
        cet1=read.number("cet1", -math.inf, math.inf),
        additional_tier1=amount("additional_tier1") or 0.0,
        tier2=amount("tier2") or 0.0,
        other_rwa={} if other is None else {name: other.number(name, 0.0, math.inf) for name in other.rest()},
        leverage_exposure=amount("leverage_exposure"),
        countercyclical=read.number("countercyclical", 0.0, 1.0) if read.has("countercyclical") else 0.0,
        gsib=read.number("gsib", 0.0, 1.0) if read.has("gsib") else 0.0,
        eligible_provisions=amount("eligible_provisions"),
        earnings=read.number("earnings", -math.inf, math.inf) if read.has("earnings") else None,
        allowance=amount("allowance"),
        **read.done(),
    )


def ratios(funds: OwnFunds, credit_rwa: float, exposure: float, options: Options) -> Ratios:
    """Return the ratios of a bank whose credit risk is this book and whatever `funds` names beside it.

    Parameters
    ----------
    credit_rwa : risk-weighted assets of the book, after mitigation and output floor. exposure : the book's
        exposure measure, read where `funds` states none.

    Raises
    ------
    RiskError : no risk-weighted assets or no exposure to divide by.
    """
    check.kind(OwnFunds, funds=funds)
    check.number(0, credit_rwa=credit_rwa)
    check.money(exposure=exposure)
    check.kind(Options, options=options)
    rwa = credit_rwa + math.fsum(funds.other_rwa.values())
    measure = exposure if funds.leverage_exposure is None else funds.leverage_exposure
    if rwa <= 0 or measure <= 0:
        raise RiskError(
            expected("risk-weighted assets and a leverage exposure above 0", f"{rwa:g} and {measure:g}"),
            field="rwa",
        )
    buffers = {
        "conservation": options.buffer.conservation,
        "countercyclical": funds.countercyclical,
        "gsib": funds.gsib,
    }
    need, least = math.fsum(buffers.values()), options.minimum
    total = funds.tier1 + funds.tier2
    made = {
        "cet1": _ratio(funds.cet1, rwa, least["cet1"], need),
        "tier1": _ratio(funds.tier1, rwa, least["tier1"], need),
        "total": _ratio(total, rwa, least["total"], need),
        "leverage": _ratio(funds.tier1, measure, least["leverage"], 0.5 * funds.gsib),
    }
    share = _payout(made, need, options)
    return Ratios(
        rwa=rwa,
        **made,
        buffers=buffers,
        payout_share=share,
        payout=None if funds.earnings is None or share is None else share * max(funds.earnings, 0.0),
        binding=min(made, key=lambda name: made[name].headroom),
    )


def _ratio(capital: float, amount: float, minimum: float, buffer: float) -> Ratio:
    return Ratio(capital / amount, minimum, minimum + buffer, capital - (minimum + buffer) * amount)


def _payout(made: Mapping[str, Ratio], buffer: float, options: Options) -> float | None:
    """Return the share of earnings to distribute: by the quarter of the buffer that CET1 above minima fills.

    CET1 that is needed for the tier 1 and total minima meets no buffer (RBC30.2, footnote; RBC30.5).
    """
    above = min(made[name].value - made[name].minimum for name in ("cet1", "tier1", "total"))
    if above < 0:
        return None
    if buffer <= 0 or above > buffer:
        return 1.0
    return next((share for end, share in options.buffer.payout if above <= end * buffer * (1 + 1e-12)), 1.0)


def output_floor(
    internal: float, standardised: float, other: float, options: Options, year: int | None
) -> OutputFloorResult | None:
    """Return the output floor: RWA are at least a share of what the standardised approaches give (RBC20.4).

    internal, standardised : credit RWA of the book. other : RWA beside it, in both sums. None where the
        options have no floor.
    """
    check.number(0, internal=internal, standardised=standardised, other=other)
    check.kind(Options, options=options)
    check.count(1, **check.given(year=year))
    if options.output_floor is None:
        return None
    share, words = options.output_floor.of(year)
    least = share * (standardised + other) - other
    used = max(internal, least)
    return OutputFloorResult(
        share, words, internal, standardised, least, used, used - internal, least > internal
    )


def allowance_limit(allowance: float, credit_rwa: float, rule: AllowanceRule) -> AllowanceLimit:
    """Return what of an allowance counts in tier 2, and what of the rest is taken off risk-weighted assets.

    Source: the rule's paragraph; CAP10.18 in the Basel Framework, 12 CFR 217.20(d)(3) in the United States.
    Both assumed, not read.
    """
    check.number(0, allowance=allowance, credit_rwa=credit_rwa)
    check.kind(AllowanceRule, rule=rule)
    limit = rule.tier2 * credit_rwa
    excess = max(allowance - limit, 0.0)
    return AllowanceLimit(
        allowance,
        limit,
        min(allowance, limit),
        excess,
        min(excess, credit_rwa) if rule.excess_deducted else 0.0,
    )


def provision_gap(expected_loss: float, provisions: float, irb_rwa: float) -> ProvisionGap:
    """Return shortfall or excess of eligible provisions against expected loss.

    Source: CRE35.2 to CRE35.8, CAP10.19, CAP30.13.
    """
    check.number(0, expected_loss=expected_loss, provisions=provisions, irb_rwa=irb_rwa)
    gap = provisions - expected_loss
    return ProvisionGap(
        expected_loss,
        provisions,
        max(-gap, 0.0),
        max(gap, 0.0),
        min(max(gap, 0.0), TIER2_PROVISIONS * max(irb_rwa, 0.0)),
    )
