"""What data may be used for: the declared purposes, and the controller's approval of their very words."""
