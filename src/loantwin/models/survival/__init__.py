"""When loans end: hazards by age and month with competing ends, judged beside curves that know no loan."""
