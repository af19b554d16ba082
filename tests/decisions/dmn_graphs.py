"""The lending cases of the DMN conformance kit, their tables entered by hand as decision graphs.

ZEN's names hold no blank and no hyphen: `plain` renames those of a case. A table of
hit policy unique or any is one of first hit here; of priority, its rows stand in the order of priority; of
collect and sum, the points are collected and summed in the next node.
"""

import re
from itertools import pairwise

from loantwin.decisions.graph.read import parse_graph


def table(name, inputs, outputs, rows, *, hit="first", path=None):
    """Return a decision table; inputs and outputs are fields, rows texts of cells."""
    return {
        "id": name,
        "name": name,
        "type": "decisionTableNode",
        "content": {
            "hitPolicy": hit,
            "inputs": [{"id": f"i{n}", "name": field, "field": field} for n, field in enumerate(inputs)],
            "outputs": [{"id": f"o{n}", "name": field, "field": field} for n, field in enumerate(outputs)],
            "rules": [
                {
                    "_id": f"{name}-{number}",
                    **{f"i{n}": cell for n, cell in enumerate(row[: len(inputs)])},
                    **{f"o{n}": cell for n, cell in enumerate(row[len(inputs) :])},
                }
                for number, row in enumerate(rows, 1)
            ],
            "passThrough": True,
            "inputField": None,
            "outputPath": path,
            "executionMode": "single",
        },
    }


def expressions(name, **lines):
    """Return an expression node; keys are fields."""
    return {
        "id": name,
        "name": name,
        "type": "expressionNode",
        "content": {
            "expressions": [
                {"id": f"{name}{n}", "key": key, "value": value}
                for n, (key, value) in enumerate(lines.items())
            ],
            "passThrough": True,
            "inputField": None,
            "outputPath": None,
            "executionMode": "single",
        },
    }


def graph(name, *nodes):
    """Return a graph whose nodes stand in a row."""
    whole = [{"id": "request", "name": "request", "type": "inputNode"}, *nodes]
    edges = [
        {"id": f"e{n}", "sourceId": one["id"], "targetId": two["id"], "type": "edge"}
        for n, (one, two) in enumerate(pairwise(whole))
    ]
    return parse_graph({"nodes": whole, "edges": edges}, name)


SIMPLE = graph(
    "simpletable",
    table(
        "Approval",
        ["Age", "RiskCategory", "isAffordable"],
        ["ApprovalStatus"],
        [
            (">=18", '"Medium","Low"', "true", '"Approved"'),
            ("<18", '"Medium","Low"', "true", '"Declined"'),
            ("", '"High"', "true", '"Declined"'),
            ("", "", "false", '"Declined"'),
        ],
    ),
)


def lending(name, *, applicant, product, bureau, marital, ages, last_low):
    """Return the lending strategy; two versions of it differ in names, ages and in one row."""
    return graph(
        name,
        table(
            "Score",
            [f"{applicant}.Age", f"{applicant}.{marital}", f"{applicant}.EmploymentStatus"],
            ["points"],
            [
                *(
                    (age, "", "", points)
                    for age, points in zip(ages, ("32", "35", "40", "43", "48"), strict=True)
                ),
                ("", '"S"', "", "25"),
                ("", '"M"', "", "45"),
                ("", "", '"UNEMPLOYED"', "15"),
                ("", "", '"EMPLOYED"', "45"),
                ("", "", '"SELF-EMPLOYED"', "36"),
                ("", "", '"STUDENT"', "18"),
            ],
            hit="collect",
            path="parts",
        ),
        expressions(
            "Installment",
            ApplicationRiskScore="sum(map(parts, #.points))",
            fee=f"{product}.ProductType == 'STANDARD LOAN' ? 20.00 : "
            f"{product}.ProductType == 'SPECIAL LOAN' ? 25.00 : null",
            repayment=f"({product}.Amount * {product}.Rate / 12)"
            f" / (1 - (1 + {product}.Rate / 12) ^ -{product}.Term)",
            RequiredMonthlyInstallment="$.repayment + $.fee",
        ),
        table(
            "PreBureau",
            [f"{applicant}.ExistingCustomer", "ApplicationRiskScore"],
            ["PreBureauRiskCategory"],
            [
                ("false", "<100", '"HIGH"'),
                ("false", "[100..120)", '"MEDIUM"'),
                ("false", last_low, '"LOW"'),
                ("false", ">130", '"VERY LOW"'),
                ("true", "<80", '"DECLINE"'),
                ("true", "[80..90)", '"HIGH"'),
                ("true", "[90..110]", '"MEDIUM"'),
                ("true", ">110", '"LOW"'),
            ],
        ),
        table(
            "PostBureau",
            [f"{applicant}.ExistingCustomer", "ApplicationRiskScore", f"{bureau}.CreditScore"],
            ["PostBureauRiskCategory"],
            [
                ("false", "<120", "<590", '"HIGH"'),
                ("false", "<120", "[590..610]", '"MEDIUM"'),
                ("false", "<120", ">610", '"LOW"'),
                ("false", "[120..130]", "<600", '"HIGH"'),
                ("false", "[120..130]", "[600..625]", '"MEDIUM"'),
                ("false", "[120..130]", ">625", '"LOW"'),
                ("false", ">130", "", '"VERY LOW"'),
                ("true", "<=100", "<580", '"HIGH"'),
                ("true", "<=100", "[580..600]", '"MEDIUM"'),
                ("true", "<=100", ">600", '"LOW"'),
                ("true", ">100", "<590", '"HIGH"'),
                ("true", ">100", "[590..615]", '"MEDIUM"'),
                ("true", ">100", ">615", '"LOW"'),
            ],
        ),
        table("PreFactor", ["PreBureauRiskCategory"], ["preFactor"], FACTORS),
        table("PostFactor", ["PostBureauRiskCategory"], ["postFactor"], FACTORS),
        expressions(
            "Affordability",
            disposable=f"{applicant}.Monthly.Income"
            f" - ({applicant}.Monthly.Repayments + {applicant}.Monthly.Expenses)",
            PreBureauAffordability="$.disposable * preFactor > RequiredMonthlyInstallment",
            PostBureauAffordability="$.disposable * postFactor > RequiredMonthlyInstallment",
        ),
        table(
            "EligibilityRules",
            ["PreBureauRiskCategory", "PreBureauAffordability", f"{applicant}.Age"],
            ["Eligibility"],
            [
                ('"DECLINE"', "", "", '"INELIGIBLE"'),
                ("", "false", "", '"INELIGIBLE"'),
                ("", "", "<18", '"INELIGIBLE"'),
                ("", "", "", '"ELIGIBLE"'),
            ],
        ),
        table(
            "BureauCall",
            ["PreBureauRiskCategory"],
            ["BureauCallType"],
            [('"HIGH","MEDIUM"', '"FULL"'), ('"LOW"', '"MINI"'), ('"VERY LOW","DECLINE"', '"NONE"')],
        ),
        table(
            "StrategyTable",
            ["Eligibility", "BureauCallType"],
            ["Strategy"],
            [
                ('"INELIGIBLE"', "", '"DECLINE"'),
                ('"ELIGIBLE"', '"FULL","MINI"', '"BUREAU"'),
                ('"ELIGIBLE"', '"NONE"', '"THROUGH"'),
            ],
        ),
        table(
            "RoutingRules",
            [
                "PostBureauRiskCategory",
                "PostBureauAffordability",
                f"{bureau}.Bankrupt",
                f"{bureau}.CreditScore",
            ],
            ["Routing"],
            [
                ("", "false", "", "", '"DECLINE"'),
                ("", "", "true", "", '"DECLINE"'),
                ('"HIGH"', "", "", "", '"REFER"'),
                ("", "", "", "<580", '"REFER"'),
                ("", "", "", "", '"ACCEPT"'),
            ],
        ),
        expressions("AdjudicationText", Adjudication="'ACCEPT'"),
    )


FACTORS = [('"HIGH", "DECLINE"', "0.6"), ('"MEDIUM"', "0.7"), ('"LOW", "VERY LOW"', "0.8")]
LENDING = lending(
    "lending",
    applicant="ApplicantData",
    product="RequestedProduct",
    bureau="BureauData",
    marital="MaritalStatus",
    ages=("[18..21]", "[22..25]", "[26..35]", "[36..49]", ">=50"),
    last_low="[120..130)",
)
CHAPTER_11 = lending(
    "chapter 11",
    applicant="ApplicantData",
    product="RequestedProduct",
    bureau="BureauData",
    marital="MartitalStatus",
    ages=("[18..22)", "[22..26)", "[26..36)", "[36..50)", ">=50"),
    last_low="[120..130]",
)

RATES = (
    ("Oceans Capital", 0.035, 0, 0),
    ("eClick Lending", 0.032, 1.1, 2700),
    ("eClickLending", 0.03375, 0.1, 1200),
    ("AimLoan", 0.03, 1.1, 3966),
    ("Home Loans Today", 0.03125, 1.1, 285),
    ("Sebonic", 0.03125, 0.1, 4028),
    ("AimLoan", 0.03125, 0.1, 4317),
    ("eRates Mortgage", 0.03125, 1.1, 2518),
    ("Home Loans Today", 0.0325, 0.1, 822),
    ("AimLoan", 0.0325, 0, 1995),
)
BANK = "'lenderName': #.lenderName, 'rate': #.rate, 'points': #.points, 'fee': #.fee"
LOAN = f"{BANK}, 'loanAmt': #.loanAmt"
PAID = f"{LOAN}, 'downPmtAmt': 0.2 * #.loanAmt"
GROWN = "(1 + #.rate / 12)"


def ranked(field, *, most_first=False):
    """Return lines that rank the metrics by a field: each is the least above the last, for want of a sort."""
    extreme, beyond = ("max", "<") if most_first else ("min", ">")
    lines = {"cut0": f"{extreme}(map(metricsTable, #.{field}))"}
    for place in range(1, len(RATES)):
        rest = f"filter(metricsTable, #.{field} {beyond} $.cut{place - 1})"
        lines[f"cut{place}"] = f"{extreme}(map({rest}, #.{field}))"
    found = [f"filter(metricsTable, #.{field} == $.cut{place})[0]" for place in range(len(RATES))]
    return {**lines, "ranked": f"[{', '.join(found)}]"}


COMPARISON = graph(
    "loan-comparison",
    expressions(
        "Banks",
        Bankrates="["
        + ", ".join(
            f"{{'lenderName': '{name}', 'rate': {rate}, 'points': {points}, 'fee': {fee}}}"
            for name, rate, points, fee in RATES
        )
        + "]",
        loans=f"map($.Bankrates, {{{BANK}, 'loanAmt': RequestedAmt * (1 + #.points / 100) + #.fee}})",
        paid=f"map($.loans, {{{PAID}, 'paymentAmt': #.loanAmt * #.rate / 12 / (1 - {GROWN} ^ -360)}})",
        metricsTable=f"map($.paid, {{{LOAN}, 'downPmtAmt': #.downPmtAmt, 'paymentAmt': #.paymentAmt, "
        f"'equity36moPct': 1 - (#.loanAmt * {GROWN} ^ 36 - #.paymentAmt * (-1 + {GROWN} ^ 36) / #.rate)"
        " / RequestedAmt * 0.8})",
    ),
    expressions(
        "ByDown",
        **{key.replace("ranked", "rankByDownPmt"): value for key, value in ranked("downPmtAmt").items()},
    ),
    expressions(
        "ByMonthly",
        **{key.replace("ranked", "rankByMonthlyPmt"): value for key, value in ranked("paymentAmt").items()},
    ),
    expressions(
        "ByEquity",
        **{
            key.replace("ranked", "rankByEquityPct"): value
            for key, value in ranked("equity36moPct", most_first=True).items()
        },
    ),
)
GRAPHS = {
    "0004-lending": LENDING,
    "0004-simpletable-U": SIMPLE,
    "0005-simpletable-A": SIMPLE,
    "0006-simpletable-P1": SIMPLE,
    "0014-loan-comparison": COMPARISON,
    "0087-chapter-11-example": CHAPTER_11,
}


def plain(value):
    """Return a case with names that ZEN has: no blank, no hyphen, the next letter large."""
    if isinstance(value, dict):
        return {
            re.sub(
                r"[ -](\w)",
                lambda found: found.group(1).upper(),
                key[0].upper() + key[1:] if " " in key or "-" in key else key,
            ): plain(item)
            for key, item in value.items()
        }
    return [plain(item) for item in value] if isinstance(value, list) else value
