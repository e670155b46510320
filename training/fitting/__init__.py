"""The ladder fitted, forward in time, and the rung that earns its place."""
