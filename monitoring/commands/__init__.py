"""The edge: clock, environment and paths are taken here."""
