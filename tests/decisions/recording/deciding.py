"""A process that decides until it is killed: each line it prints is an answer that a client got."""

from __future__ import annotations

import sys
from threading import Lock, Thread

import loantwin as lt
from loantwin.decisions.recording.recorder import Recorder

HOME, POLICY, CALLERS = sys.argv[1], sys.argv[2], int(sys.argv[3])
SAYING = Lock()


def client(keeper: Recorder, caller: int) -> None:
    for number in range(1_000_000):
        application = {
            "application_id": f"{caller}-{number}", "application_date": "2026-08-03",
            "amount": 8_000.0 + number, "term_months": 36, "annual_income": 60_000.0, "score": 640.0,
            "personal": {"name": f"Person {caller}-{number}"},
        }  # fmt: skip
        answer = keeper.decide(application)
        with SAYING:
            print(answer.decision_id, answer.application_id, answer.outcome, answer.amount, flush=True)


with lt.recorder(POLICY, twin=HOME) as keeper:
    print("ready", flush=True)
    threads = [Thread(target=client, args=(keeper, caller)) for caller in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
