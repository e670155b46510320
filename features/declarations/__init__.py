"""What a project declares: purposes, stages, outcomes, indicators, features, and what may not be declared."""
