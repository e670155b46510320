"""Monitoring of models that other products serve: scores in Parquet, and one file that says what they are."""
