"""Models: what a lender's own history says of how loans move, what defaults cost, and how sure one can be."""
