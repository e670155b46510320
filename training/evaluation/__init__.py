"""What a finished experiment is measured by beside its ladder; aggregates only."""
