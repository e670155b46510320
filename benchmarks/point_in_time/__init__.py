"""Features of persons on dates from what was known then: ours, DuckDB, pandas and Polars."""
