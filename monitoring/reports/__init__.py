"""The month's report: gathered, measured, made into one document and its pages, signed, and listed."""
