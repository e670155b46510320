"""A young person or guardian who logs in: whom they see, their own page, their no, and a consent that they take back."""
