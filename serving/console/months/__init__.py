"""A month's report as pages of the console: what report.json tells, and nothing that it does not."""
