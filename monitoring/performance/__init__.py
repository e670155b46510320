"""How often the model is right: expected before outcomes mature, measured after, by period and by what was done."""
