"""How people use the proposals: their steps, agreement, times, and what may be told of them."""
