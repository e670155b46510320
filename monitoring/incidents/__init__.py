"""What was wrong with a model in use, what was done about it, and the clocks that run meanwhile (R-41)."""
