"""Extensions of loantwin, one of each kind."""
