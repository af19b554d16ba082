"""Schedules of many loans at once, to the minor unit: terms in columns, timetables, kernels, sums."""
