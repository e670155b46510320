"""What the data protection officer follows: objections, consents, retention, and who opened what. Counts of people, never whose."""
