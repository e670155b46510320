"""Papers that write themselves from a run: what the law and the field ask to be written down, filled in as far as a machine may."""
