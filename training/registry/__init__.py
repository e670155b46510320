"""Runs in MLflow, versions of models, signatures, and which version serves."""
