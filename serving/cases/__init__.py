"""The review of one case: states and steps as data, what a state allows, and what each step does."""
