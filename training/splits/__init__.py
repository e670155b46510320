"""Which rows teach, which test, and what was known when: temporal splits and forward folds."""
