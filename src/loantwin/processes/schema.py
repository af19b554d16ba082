"""The JSON Schema of a process file."""

from __future__ import annotations

from typing import Any

from loantwin.processes.definition import DAYS, NEEDS

FORMAT = 1
_TEXT = {"type": "string", "minLength": 1}
_NUMBER = {"type": "number", "minimum": 0}
_SHUT = {"type": "object", "additionalProperties": False}

TIME = {
    **_SHUT,
    "properties": {
        "kind": {"enum": ["fixed", "exponential", "lognormal", "empirical"]},
        "mean_minutes": {**_NUMBER, "description": "Mean, minutes; of a fixed time the time itself."},
        "deviation_minutes": {**_NUMBER, "description": "Standard deviation, minutes; of a lognormal time."},
        "minutes": {"type": "array", "items": _NUMBER, "description": "Observed times, minutes; empirical."},
    },
    "required": ["kind"],
}
HOURS = {
    "days": {
        "type": "array",
        "items": {"enum": list(DAYS)},
        "description": "Days of the week; all if absent.",
    },
    "from": {**_TEXT, "description": "Beginning of the day's hours, HH:MM; 00:00 if absent."},
    "to": {**_TEXT, "description": "End of the day's hours, HH:MM; 24:00 if absent."},
}
STEP = {
    "name": {**_TEXT, "description": "The step; a word, or a few."},
    "from": {"type": "array", "items": _TEXT, "minItems": 1, "description": "The states it may be taken in."},
    "to": {**_TEXT, "description": "The state it leads to."},
    "meaning": {**_TEXT, "description": "What it means."},
    "outcome": {**_TEXT, "description": "The outcome of a decision that this step stands for."},
    "needs": {"type": "array", "items": {"enum": list(NEEDS)}, "description": "What must be told with it."},
    "above": {**_NUMBER, "description": "Only where the case's amount, money, is above this."},
    "up_to": {**_NUMBER, "description": "Only where the case's amount, money, is at most this."},
    "not_by": {
        "type": "array",
        "items": _TEXT,
        "description": "Four eyes: not by the one who took the last of these steps on the case.",
    },
    "by_assignee": {"type": "boolean", "description": "Only by the one who has the case, where one has it."},
    "staff": {**_TEXT, "description": "Who does it; nobody if absent: it takes its time without a queue."},
    "time": {**TIME, "description": "What it takes, working time of who does it."},
    "cost": {**_NUMBER, "description": "Money each time, without the time of who does it."},
    "share": {
        **_NUMBER,
        "maximum": 1,
        "description": "Share of the cases in its state that take it; in a run.",
    },
    "priority": {
        "type": "integer",
        "description": "Who is served first: lower goes before higher; 0 if absent.",
    },
    "after": {**TIME, "description": "Patience: a case takes this step itself once it has waited so long."},
}


def process_schema() -> dict[str, Any]:
    """Return the JSON Schema of a process file; unknown keys are refused."""
    named = {"type": "object", "additionalProperties": _TEXT}
    staff = {
        **_SHUT,
        "properties": {
            "people": {"type": "integer", "minimum": 1, "description": "How many there are."},
            "cost_per_hour": {**_NUMBER, "description": "Money an hour of one of them, at work or idle."},
            **HOURS,
        },
        "required": ["people"],
    }
    return {
        "title": "A process: states, steps, who does them and what they take",
        "type": "object",
        "properties": {
            "format": {"const": FORMAT, "description": "Version of this file's form."},
            "name": {**_TEXT, "description": "What the process is called."},
            "about": {**_TEXT, "description": "What it is about."},
            "start": {**_TEXT, "description": "The state of a new case."},
            "currency": {**_TEXT, "description": "Code of the currency of its amounts and costs."},
            "states": {**named, "description": "State -> what it means."},
            "within_hours": {
                "type": "object",
                "additionalProperties": {"type": "number", "exclusiveMinimum": 0},
                "description": "State -> time limit of a stay in it, hours by the clock.",
            },
            "steps": {
                "type": "array",
                "minItems": 1,
                "items": {**_SHUT, "properties": STEP, "required": ["name", "from", "to"]},
            },
            "staff": {
                "type": "object",
                "additionalProperties": staff,
                "description": "Who does steps, by name.",
            },
            "arrivals": {
                **_SHUT,
                "properties": {"per_hour": {"type": "number", "exclusiveMinimum": 0}, **HOURS},
                "required": ["per_hour"],
                "description": "How cases come in: at random, so many an hour while the hours last.",
            },
            "waiting_cost_per_hour": {
                **_NUMBER,
                "description": "Money an hour that a case waits, by the clock.",
            },
        },
        "required": ("format", "name", "start", "states", "steps"),
        "additionalProperties": False,
    }
