"""Intervals and tests that hold for ten people as for ten thousand; no word of what they are asked about."""
