"""Release gates: questions with codes, asked of a finished experiment."""
