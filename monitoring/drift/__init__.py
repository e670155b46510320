"""Has what the model reads changed, where, and compared with whom?"""
