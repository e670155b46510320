"""Coded questions to a month's figures, the thresholds they are judged by, and which of them stop a model."""
