"""Contenders of `make bench-monitor`."""
