"""Outside suites with right answers: each module turns the cases of a file into our terms and compares.

`python -m tests.suites NAME FILE` runs one over a file of its form; a case is equal to the minor unit,
refused for the convention it lacks, or different.
"""
