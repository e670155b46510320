"""From the models that serve to scores of a cohort, and who is not scored or proposed."""
