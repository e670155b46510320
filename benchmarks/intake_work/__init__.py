"""Contenders of `make bench-intake` and the files that they read."""
