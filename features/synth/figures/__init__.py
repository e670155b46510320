"""Does an invented population look like the statistics it is set by? Targets, and the same figures measured from its files."""
