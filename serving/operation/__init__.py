"""What whoever runs the service sees of it, and what it does by itself."""
