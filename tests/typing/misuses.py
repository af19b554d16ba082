"""Twelve ways to hold the door wrongly; a type checker names each line marked, and no other."""

import datetime as dt
from pathlib import Path

import loantwin as lt

twin = lt.open("home")

lt.forecast(twin, moths=3)  # wrong: moths
lt.twin_create("home", "tape.csv", "sba", as_of=20221231)  # wrong: an int for a date
lt.forecst(twin)  # wrong: no such verb
lt.loss(twin, confidence="0.99")  # wrong: text for a number
lt.provisions("home")  # wrong: no standard
lt.stress(twin, scenarios=3)  # wrong: a number for scenarios
lt.movement(twin, opening=dt.datetime.now().time())  # wrong: a time of day
lt.forecast(twin, months=1.5)  # wrong: half a month
lt.open("home", writeable=True)  # wrong: writable
lt.fit(twin, "macro.csv", model_from=3)  # wrong: a number for a home
lt.forecast(twin).month[0]  # wrong: months
total: str = lt.provisions(twin, "ifrs9").allowance  # wrong: a number is no text

# Right, each of them: nothing may be said here.
made = lt.forecast(twin, months=3, paths=100, scenarios="severe.csv#Severe", align="start")
mean: float = made.opening_balance
for month in made.months:
    if month.charged_off is not None:
        mean += month.charged_off.mean
with lt.open(Path("home"), writable=True) as writer:
    lt.fit(writer, [Path("macro.csv"), "rates.csv"])
lt.movement("home", "2022-06-30", dt.date(2022, 12, 31), scenarios=["a.csv#A=0.5", "b.csv#B=0.5"])
lt.tape_check("tape.csv", "sba", assume={"utilisation": 0.6})
lt.concentration(twin, by=["segment"])
print(lt.__version__, lt.happened(twin).amounts, lt.Outlook(twin).columns.principal.sum())
