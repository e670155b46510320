"""What a model is allowed to be: five rungs behind one interface, the simplest first."""
