"""Who works with the service, what each may do, and who looked at more than their work explains."""
