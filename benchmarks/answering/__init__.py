"""Contenders of `make bench-serve`: one person's row at a time, and the queue over HTTP."""
