"""The letter itself: a page of plain text, in English or Chinese.

Its parts are those of sample form C-1 of Regulation B (see `form_c1.toml`); the sentences are our own, the
notice of rights is that of 12 CFR 1002.9(b)(1) from general knowledge (not opened: assumed). What the Fair
Credit Reporting Act asks for where a bureau's report was used is not written.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from loantwin.decisions.application_file import CONTROL
from loantwin.decisions.deciding.answer import CounterOffer, Decision
from loantwin.decisions.letters.wording import Reason, Wording

DECLINED, OFFERED = "declined", "counter-offer"
DAYS_TO_ACCEPT = 30
"""How long a counter-offer stands (assumed)."""
WIDTH = 78
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "head": "Notice of action taken and statement of reasons",
        "asked": "Your application {id} for {amount} over {months} months",
        "of": " of {day}",
        "dear": "Dear {name},",
        "applicant": "applicant",
        DECLINED: "We have considered your application and are unable to approve it.",
        OFFERED: "We have considered your application and are unable to approve it as you asked. We can "
        "offer you {offer} over {months} months at {rate} % a year. If you accept, please tell us by "
        "{until}; after that day this offer ends and the application counts as declined.",
        "why": "The principal reasons for this decision:",
        "none": "We shall gladly tell you the reasons if you ask us within 60 days.",
        "contact": "If you have questions, please write to or call: {contact}",
        "rights": "Notice: The federal Equal Credit Opportunity Act prohibits creditors from discriminating "
        "against credit applicants on the basis of race, color, religion, national origin, sex, marital "
        "status, age (provided the applicant has the capacity to enter into a binding contract); because all "
        "or part of the applicant's income derives from any public assistance program; or because the "
        "applicant has in good faith exercised any right under the Consumer Credit Protection Act. The "
        "federal agency that administers compliance with this law concerning this creditor is {agency}.",
    },
    "zh": {
        "head": "处理结果及理由通知书",
        "asked": "您的贷款申请 {id}：金额 {amount}，期限 {months} 个月",
        "of": "，申请日期 {day}",
        "dear": "尊敬的{name}：",
        "applicant": "申请人",
        DECLINED: "我们已审核您的申请，很遗憾未能批准。",
        OFFERED: "我们已审核您的申请，很遗憾未能按您申请的条件批准。我们可以向您提供：金额 {offer}，"
        "期限 {months} 个月，年利率 {rate} %。如您接受，请在 {until}前告知我们；逾期本要约失效，"
        "申请视为未获批准。",
        "why": "作出该决定的主要理由：",
        "none": "如您在 60 日内提出要求，我们将说明理由。",
        "contact": "如有疑问，请联系：{contact}",
        "rights": "告知：美国联邦《平等信贷机会法》禁止贷款人因种族、肤色、宗教、原籍、性别、婚姻状况、"
        "年龄（申请人须具备订立合同的能力），因申请人的收入全部或部分来自公共援助，或因申请人善意行使"
        "《消费者信贷保护法》规定的权利而歧视信贷申请人。负责监督本机构遵守该法的联邦机构为：{agency}。",
    },
}


@dataclass(frozen=True)
class Letter:
    """A letter. kind : declined or counter-offer. reasons : code -> how it is said, at most four.

    denial_codes : of the loan register, for a mortgage that was declined; empty for others. worded : codes
    whose wording is the policy's own.
    """

    application_id: str
    kind: str
    text: str
    reasons: Mapping[str, Reason]
    denial_codes: tuple[int, ...]
    worded: tuple[str, ...]


def letter_of(
    decision: Decision,
    application: Mapping[str, Any],
    wording: Wording,
    *,
    day: date,
    language: str,
    currency: str = "",
) -> Letter | None:
    """Return the letter on a decision, None where there is nothing to tell: approved as asked, or referred.

    A decline with a counter-offer, and an approval of less than was asked, are counter-offers.

    Parameters
    ----------
    application : nested, with `personal` where it is known: name and address. day : of the letter.
    """
    offer = _offer(decision, application)
    if decision.outcome == "refer" or (decision.outcome == "approve" and offer is None):
        return None
    told = decision.reasons if decision.outcome == "decline" else ()
    reasons = {item.code: wording.reasons.get(item.code, Reason(item.text, item.text)) for item in told}
    mortgage = application.get("product") == "mortgage" and decision.outcome == "decline"
    codes = tuple(dict.fromkeys(item.hmda for item in reasons.values())) if mortgage else ()
    kind = DECLINED if offer is None else OFFERED
    return Letter(
        application_id=decision.application_id,
        kind=kind,
        text=_text(
            kind, decision, application, wording, tuple(reasons.values()), offer, day, language, currency
        ),
        reasons=reasons,
        denial_codes=codes,
        worded=tuple(code for code in reasons if code not in wording.reasons),
    )


def _offer(decision: Decision, application: Mapping[str, Any]) -> CounterOffer | None:
    if decision.outcome != "approve":
        return decision.counter_offer
    assert decision.amount is not None  # an approval has its terms
    assert decision.annual_rate is not None
    assert decision.term_months is not None
    same = decision.amount >= application["amount"] and decision.term_months == application["term_months"]
    return None if same else CounterOffer(decision.amount, decision.annual_rate, decision.term_months)


def _text(
    kind: str, decision: Decision, application: Mapping[str, Any], wording: Wording,
    reasons: Sequence[Reason], offer: CounterOffer | None, day: date, language: str, currency: str,
) -> str:  # fmt: skip
    says, person, lender = TEXTS[language], application.get("personal") or {}, wording.lender
    told = {name: _clean(person.get(name)) for name in ("name", "address")}
    named = " ".join(told["name"].split()) or says["applicant"]
    asked = says["asked"].format(
        id=decision.application_id, amount=_money(application["amount"], currency),
        months=int(application["term_months"]),
    )  # fmt: skip
    if application.get("application_date"):
        asked += says["of"].format(day=_day(date.fromisoformat(application["application_date"]), language))
    body = says[kind]
    if offer is not None:
        body = body.format(
            offer=_money(offer.amount, currency), months=offer.term_months,
            rate=f"{offer.annual_rate * 100:.2f}", until=_day(day + timedelta(DAYS_TO_ACCEPT), language),
        )  # fmt: skip
    why = [f"  {number}. {item.said(language)}" for number, item in enumerate(reasons, 1)]
    parts = [
        "\n".join(str(lender[name]) for name in ("name", "address") if name in lender),
        _day(day, language),
        "\n".join(part for part in (" ".join(told["name"].split()), told["address"]) if part),
        says["head"] if language == "zh" else says["head"].upper(),
        asked,
        says["dear"].format(name=named),
        _wrapped(body, language),
        "\n".join([says["why"], "", *why]) if why else says["none"],
        _wrapped(says["contact"].format(contact=lender["contact"]), language) if "contact" in lender else "",
        _wrapped(says["rights"].format(agency=lender["agency"]), language) if "agency" in lender else "",
        str(lender.get("name", "")),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _clean(value: Any) -> str:
    """Return what a person said of himself as lines of print: nothing that steers a terminal or printer."""
    lines = ("" if value is None else str(value)).splitlines()
    return "\n".join(line for line in (re.sub(CONTROL, "", item).strip() for item in lines) if line)


def _money(amount: float, currency: str) -> str:
    return f"{amount:,.2f} {currency}".strip()


def _day(day: date, language: str) -> str:
    if language == "zh":
        return f"{day.year} 年 {day.month} 月 {day.day} 日"
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _wrapped(text: str, language: str) -> str:
    """Return a paragraph in lines; a Chinese one stays one line, which its reader's program breaks."""
    return text if language == "zh" else textwrap.fill(text, WIDTH)
