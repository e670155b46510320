"""Papers that a person is given: the words of a page as an accessible PDF, made here without anything from elsewhere."""
