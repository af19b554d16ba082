"""The registry of event types: what each says, field by field. `docs/events.md` is generated from it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from loantwin.book.schema import LOANS

FieldKind = Literal[
    "text", "date", "minor", "rate", "number", "count", "blob", "file", "texts", "counts", "object", "value"
]

LARGEST_AMOUNT = 10**15
"""Largest amount of one event, minor units: sums of thousands of them still fit an int64."""


@dataclass(frozen=True)
class Field:
    """One field of an event's data; an optional one absent is 'not said', not zero, unless it says so."""

    name: str
    kind: FieldKind
    meaning: str
    required: bool = True


@dataclass(frozen=True)
class EventType:
    """A kind of fact, in the past tense. `version` is the newest version of its fields."""

    name: str
    meaning: str
    fields: tuple[Field, ...]
    version: int = 1

    @property
    def of_loan(self) -> bool:
        """Return True where the event is about one loan and the fold applies it."""
        return self.fields[0].name == "loan_id"


KINDS: dict[FieldKind, str] = {
    "text": "text, not empty",
    "date": "ISO date",
    "minor": "int64 minor units of the book's currency (cents), 0 or more",
    "rate": "decimal a year, finite",
    "number": "finite number",
    "count": "whole number, 0 or more",
    "blob": "sha256 of a file in `blobs/`, 64 hexadecimal digits",
    "file": "path of a file inside the home, `/` between its parts",
    "texts": "list of texts",
    "counts": "object: name -> whole number",
    "object": "object of plain values",
    "value": "text, number or boolean",
}
"""What each kind of field holds."""

_LOAN = Field("loan_id", "text", "The loan.")


def _amount(name: str, meaning: str, required: bool = False) -> Field:
    return Field(name, "minor", meaning, required)


_PAID = (
    _amount("principal", "Principal received.", required=True),
    _amount("interest", "Interest received; none if absent."),
    _amount("fees", "Fees received; none if absent."),
)

TERM_COLUMNS = (
    *(
        "borrower_id",
        "facility_id",
        "product",
        "purpose",
        "industry",
        "region",
        "origination_grade",
        "origination_pd",
        "score",
    ),
    *(
        "approval_date",
        "term_months",
        "maturity_date",
        "annual_rate",
        "effective_annual_rate",
        "rate_type",
        "rate_index",
    ),
    *(
        "rate_spread",
        "rate_cap",
        "rate_floor",
        "next_reset_date",
        "balloon_share",
        "interest_only_months",
        "amortisation",
        "payment_frequency",
        "day_count",
        "guaranteed_share",
    ),
    "guarantor",
)
"""Columns of the loan table that the first disbursement of a new loan may state."""

_KIND_OF_COLUMN: dict[str, FieldKind] = {
    "text": "text",
    "choice": "text",
    "date": "date",
    "rate": "rate",
    "share": "number",
    "number": "number",
    "count": "count",
}


def _terms() -> tuple[Field, ...]:
    columns = {column.name: column for column in LOANS}
    return tuple(
        Field(name, _KIND_OF_COLUMN[columns[name].kind], columns[name].meaning, required=False)
        for name in TERM_COLUMNS
    )


_TABLES = (
    Field("panel_blob", "blob", "The panel table, where there is one.", required=False),
    Field("parties_blob", "blob", "The table of parties.", required=False),
    Field("collateral_blob", "blob", "The table of collateral.", required=False),
    Field("guarantees_blob", "blob", "The table of guarantees.", required=False),
)

_ALL = (
    EventType(
        "TwinCreated",
        "A twin's home was made.",
        (
            Field("program", "text", "Name and version of the program that made it."),
            Field("name", "text", "Name of the twin.", required=False),
            Field("currency", "text", "ISO 4217 code of the book's one currency.", required=False),
            Field("as_of", "date", "Date the twin starts at.", required=False),
            Field("facts", "object", "Anything else worth keeping.", required=False),
        ),
    ),
    EventType(
        "TapeLoaded",
        "A lender's tape became the book: its tables replace the ones before. Later loan events change them.",
        (
            Field("loans_blob", "blob", "The loan table, the whole tape."),
            *_TABLES,
            Field("as_of", "date", "Date the book stands at."),
            Field("currency", "text", "ISO 4217 code; it decides what a minor unit is."),
            Field("format", "text", "Name of the tape format or mapping."),
            Field("mapping_blob", "blob", "Text of the mapping.", required=False),
            Field("mapping_hash", "text", "sha256 of the mapping's text.", required=False),
            Field("source_file", "text", "Name of the tape.", required=False),
            Field("source_hash", "text", "sha256 of the tape.", required=False),
            Field("rows_read", "count", "Data rows of the tape.", required=False),
            Field("accepted_rows", "count", "Rows that became loans or loan-months.", required=False),
            Field("rejected", "count", "Rows in quarantine.", required=False),
            Field("rejections", "counts", "Rejected rows by rule.", required=False),
            Field("warnings", "counts", "Warnings by rule.", required=False),
            Field("quarantine_file", "file", "The rejected rows, with their raw text.", required=False),
            Field("quarantine_blob", "blob", "The rejected rows as a table.", required=False),
            Field("warnings_blob", "blob", "The warnings as a table.", required=False),
            Field("totals", "object", "Control totals of the tape, book currency.", required=False),
            Field(
                "assumptions", "object", "What the mapping assumes, with overrides applied.", required=False
            ),
            Field("facts", "object", "Anything else worth keeping.", required=False),
        ),
    ),
    EventType(
        "MacroLoaded",
        "A file of macro series was taken in.",
        (
            Field("source_blob", "blob", "The file's bytes."),
            Field("source_file", "text", "Name of the file."),
            Field("scenarios", "texts", "Names of the scenarios in it.", required=False),
            Field("facts", "object", "Anything else worth keeping.", required=False),
        ),
    ),
    EventType(
        "LoansScored",
        "A score was applied to the loans of the tape, from what was known of them at origination.",
        (
            Field("scores_blob", "blob", "Log-odds of bad by `loan_id`; they replace those before."),
            Field("score_blob", "blob", "The score, readable JSON."),
            Field("name", "text", "Name of the score."),
            Field("registry_id", "text", "Hash of what it was trained with."),
            Field(
                "facts", "object", "What is known of its training, and of how it was applied.", required=False
            ),
        ),
    ),
    EventType(
        "ModelFitted",
        "A model was fitted.",
        (
            Field("model_blob", "blob", "The model, readable JSON."),
            Field("as_of", "date", "Date up to which history was used."),
            Field("kind", "text", "What kind of model.", required=False),
            Field("seed", "count", "Seed of the fit.", required=False),
            Field("diagnostics_blob", "blob", "The diagnostics of the fit.", required=False),
            Field("macro_blob", "blob", "The macro generator fitted with it.", required=False),
            Field("facts", "object", "Provenance: data hash, configuration, versions.", required=False),
        ),
    ),
    EventType(
        "ModelRegistered",
        "A score was taken into the register of models.",
        (
            Field("model_id", "text", "Its id: 16 digits of the hash of name, model and record."),
            Field("name", "text", "What it is for; its versions are counted by this name."),
            Field("number", "count", "Which version of that name, from 1."),
            Field("kind", "text", "What kind of score."),
            Field("model_blob", "blob", "The score, readable JSON."),
            Field("record_blob", "blob", "The record of its training, readable JSON."),
            Field("by", "text", "Who registered it."),
            Field("data_file", "text", "Name of the file it was trained on."),
            Field("data_hash", "text", "sha256 of that file."),
            Field("code_hash", "text", "Hash of the code that trained it.", required=False),
            Field("versions", "object", "Packages it was trained with: name -> version."),
            Field("parameters", "object", "The settings of its training."),
            Field("metrics", "object", "Its figures on rows it was not trained on."),
            Field("features", "object", "The columns it reads: name -> kind."),
            Field("expires", "date", "Last day it may decide; no end if absent.", required=False),
        ),
    ),
    EventType(
        "ModelApproved",
        "A model was approved.",
        (
            Field("model_id", "text", "The model."),
            Field("role", "text", "In which role."),
            Field("by", "text", "Who approved it."),
            Field("words", "text", "What was said of it.", required=False),
        ),
    ),
    EventType(
        "ModelRefused",
        "A model was refused; an approval before no longer counts.",
        (
            Field("model_id", "text", "The model."),
            Field("role", "text", "In which role."),
            Field("by", "text", "Who refused it."),
            Field("words", "text", "What was said of it.", required=False),
        ),
    ),
    EventType(
        "ModelPlaced",
        "A score was given a place among those of its name, from the day it happened.",
        (
            Field("model_id", "text", "The model."),
            Field("place", "text", "`champion`, `challenger` or `retired`."),
            Field("share", "number", "Of a challenger: share of cases it decides, 0 to 1.", required=False),
            Field("by", "text", "Who placed it."),
        ),
    ),
    EventType(
        "ProcessAdopted",
        "A process came into force under its name: states, steps, who may take them.",
        (
            Field("name", "text", "What the process is called."),
            Field("number", "count", "Which version of that name, from 1."),
            Field("process_blob", "blob", "Text of the process, TOML."),
        ),
    ),
    EventType(
        "StepsTaken",
        "A table of steps was taken on the cases of a process; each was possible where it stood.",
        (
            Field("process", "text", "The process."),
            Field("steps_blob", "blob", "The steps in the order of recording, with the states they led to."),
            Field("steps", "count", "How many."),
            Field("cases", "count", "Of how many cases."),
            Field("source_file", "text", "Name of the file."),
            Field("source_hash", "text", "sha256 of the file."),
        ),
    ),
    EventType(
        "StepTaken",
        "A step was taken on a case of a process.",
        (
            Field("process", "text", "The process."),
            Field("case_id", "text", "The case."),
            Field("step", "text", "The step; `open` makes a case."),
            Field("state", "text", "The state it led to."),
            Field("at", "text", "The moment, UTC, ISO 8601."),
            Field("by", "text", "Who took it.", required=False),
            Field("amount", "number", "Amount of the case, money.", required=False),
            Field("outcome", "text", "Outcome of a decision.", required=False),
            Field("assignee", "text", "Who has the case from then on.", required=False),
            Field("reason", "text", "Why.", required=False),
            Field("proposed", "text", "The outcome that the policy proposed.", required=False),
        ),
    ),
    EventType(
        "EnvironmentTablesSaved",
        "The tables from which an environment steps this book were stored.",
        (
            Field("tables_blob", "blob", "Step tables and economy, readable JSON."),
            Field("as_of", "date", "Date the book stands at."),
            Field("model_blob", "blob", "The model they were made from.", required=False),
            Field("facts", "object", "Anything else worth keeping.", required=False),
        ),
    ),
    EventType(
        "BookSnapshotTaken",
        "The tables of the book were stored as they stood after an event.",
        (
            Field("loans_blob", "blob", "The loan table."),
            *_TABLES,
            Field("as_of", "date", "Date of the tape the tables started from."),
            Field("currency", "text", "ISO 4217 code."),
            Field("through", "count", "Sequence of the last event that is in the tables."),
        ),
    ),
    EventType(
        "LoanDisbursed",
        "Money was paid out: the first time makes the loan, later times are further draws.",
        (
            _LOAN,
            _amount("principal", "Amount paid out.", required=True),
            _amount("limit", "Amount or limit approved, on a new loan."),
            *_terms(),
        ),
    ),
    EventType(
        "PaymentReceived",
        "A payment was received.",
        (
            _LOAN,
            *_PAID,
            _amount("unscheduled", "The part of `principal` that was not scheduled; none if absent."),
        ),
    ),
    EventType(
        "LoanPrepaid",
        "The loan was paid off before its term; the amounts are the last payment.",
        (_LOAN, *_PAID),
    ),
    EventType(
        "LoanPaidOff", "The loan was paid off at its term; the amounts are the last payment.", (_LOAN, *_PAID)
    ),
    EventType(
        "DelinquencyCounted",
        "Days past due were counted.",
        (
            _LOAN,
            Field("days_past_due", "count", "Days since the oldest unpaid instalment fell due."),
            Field("oldest_unpaid_date", "date", "Due date of the oldest unpaid instalment.", required=False),
        ),
    ),
    EventType(
        "LoanDefaulted",
        "The loan entered default under the book's definition.",
        (_LOAN, Field("days_past_due", "count", "Days past due then.", required=False)),
    ),
    EventType("LoanCured", "The loan left default and entered probation; nothing is past due.", (_LOAN,)),
    EventType("ProbationPassed", "A cured loan passed its probation and performs again.", (_LOAN,)),
    EventType(
        "LoanChargedOff",
        "Principal was charged off: in part, or, where none is left, the loan as a whole.",
        (
            _LOAN,
            _amount("principal", "Principal charged off.", required=True),
            _amount("interest", "Accrued interest written off; none if absent."),
            _amount("fees", "Fees written off; none if absent."),
        ),
    ),
    EventType(
        "RecoveryReceived",
        "Money came in after a charge-off.",
        (_LOAN, _amount("amount", "Amount received, net of the cost of collecting it.", required=True)),
    ),
    EventType(
        "RateChanged",
        "The contractual rate changed.",
        (
            _LOAN,
            Field("annual_rate", "rate", "The rate now in force, nominal, monthly compounding."),
            Field("next_reset_date", "date", "Next date at which it is reset.", required=False),
        ),
    ),
    EventType(
        "LimitChanged",
        "The limit changed.",
        (_LOAN, _amount("limit", "The limit now in force.", required=True)),
    ),
    EventType(
        "AccountOpened",
        "An account of one loan was opened: its terms, and how it is serviced.",
        (
            _LOAN,
            Field("terms", "object", "The keys of its terms that are not at their default."),
            Field("servicing", "object", "The conventions that are not at their default.", required=False),
        ),
    ),
    EventType(
        "AccountFactRecorded",
        "A dated fact of an account was recorded; `docs/account-replay.md` lists the facts.",
        (
            _LOAN,
            Field("number", "count", "Its place in the order of recording, from 1."),
            Field("fact", "text", "What kind of fact it is."),
            Field("data", "object", "Its other keys, money in minor units."),
        ),
    ),
    EventType(
        "AssumptionOverridden",
        "A user replaced an assumption.",
        (
            Field("name", "text", "Which assumption."),
            Field("value", "value", "The value now assumed."),
            Field("reason", "text", "Why."),
        ),
    ),
    EventType(
        "DeciderOpened",
        "A policy was opened for recorded decisions, with the score and the view of the twin it decides by.",
        (
            Field("decider_id", "text", "16 digits of the hash of the fields below."),
            Field("policy", "text", "Name of the policy."),
            Field("policy_version", "text", "Its version.", required=False),
            Field("policy_hash", "text", "sha256 of what it decides by."),
            Field("policy_file", "text", "Name of its file."),
            Field("policy_blob", "blob", "The policy: nodes, edges and metadata, JSON."),
            Field("model", "text", "Id of the score; none if absent.", required=False),
            Field("model_name", "text", "Its name.", required=False),
            Field("model_hash", "text", "sha256 of its text.", required=False),
            Field("model_blob", "blob", "The score, readable JSON.", required=False),
            Field("profiles", "texts", "Profiles of law that it keeps; none if absent.", required=False),
            Field("law_blob", "blob", "Their rules as they were, JSON.", required=False),
            Field("registered", "value", "Whether the score stands in the register."),
            Field("valued", "value", "Whether the twin says what loans come to."),
            Field("view", "count", "The last event of the log that it saw."),
            Field("view_hash", "text", "Hash of that event."),
            Field("settings", "object", "Settings of the twin that figures follow."),
            Field("day", "date", "The day on which the register was asked."),
            Field("on", "date", "The day of applications that have none.", required=False),
            Field("language", "text", "Language of reasons."),
            Field("versions", "object", "Program and packages: name -> version."),
        ),
    ),
    EventType(
        "DecisionMade",
        "A policy decided an application. What the application says of a person by name is not here: it "
        "stands beside the log by the decision's id. Events of version 1 have neither id nor decider.",
        (
            Field("application_id", "text", "The application."),
            Field("policy", "text", "Name of the policy."),
            Field("decision", "text", "What was decided."),
            Field("reasons", "texts", "Why, the main reason first."),
            Field("decision_id", "text", "Its id; the event's own is `decision:` and this.", required=False),
            Field("decider_id", "text", "What decided: a `DeciderOpened` before.", required=False),
            Field("answer", "object", "The answer as it was given, reasons with codes.", required=False),
            Field("application", "object", "The application without personal fields.", required=False),
            Field("on", "date", "The day taken where the application has none.", required=False),
            Field("personal", "texts", "Names of its personal fields, which stand beside.", required=False),
            Field("seal", "text", "Hash of them and of a secret that stands with them.", required=False),
            Field("experiment", "object", "Salt, arm and shares where there was a choice.", required=False),
            Field("shadows", "object", "What others would have answered: decider_id -> answer.", False),
            Field("detail", "object", "Price, limit and what the policy saw.", required=False),
        ),
        version=2,
    ),
    EventType(
        "DecidingStopped",
        "A score or a policy was stopped: it decides nothing from then on.",
        (
            Field("subject", "text", "Id of the score, or hash of the policy."),
            Field("by", "text", "Who stopped it."),
            Field("words", "text", "Why.", required=False),
        ),
    ),
    EventType(
        "DecidingResumed",
        "A score or a policy that was stopped may decide again.",
        (
            Field("subject", "text", "Id of the score, or hash of the policy."),
            Field("by", "text", "Who said so."),
            Field("words", "text", "Why.", required=False),
        ),
    ),
)

EVENT_TYPES: dict[str, EventType] = {kind.name: kind for kind in _ALL}
"""Every event type by name, in the order of a twin's life."""


def _is_date(value: Any) -> bool:
    if type(value) is not str or len(value) != 10:
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _is_file(value: Any) -> bool:
    return type(value) is str and value != "" and not value.startswith("/") and ".." not in value.split("/")


_HEX = frozenset("0123456789abcdef")

CHECKS: Mapping[FieldKind, Callable[[Any], bool]] = {
    "text": lambda value: type(value) is str and value != "",
    "date": _is_date,
    "minor": lambda value: type(value) is int and 0 <= value <= LARGEST_AMOUNT,
    "rate": _is_number,
    "number": _is_number,
    "count": _is_count,
    "blob": lambda value: type(value) is str and len(value) == 64 and set(value) <= _HEX,
    "file": _is_file,
    "texts": lambda value: type(value) in (list, tuple) and all(type(item) is str for item in value),
    "counts": lambda value: (
        type(value) is dict and all(type(k) is str and _is_count(v) for k, v in value.items())
    ),
    "object": lambda value: type(value) is dict,
    "value": lambda value: type(value) in (str, bool) or _is_number(value),
}
"""The test each kind of field must pass."""
