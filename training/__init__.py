"""From history to a registered model."""
