"""Letters that tell an applicant of a decline or a counter-offer, and why."""
