"""Are groups treated alike? Rates, calibration and differences by group and crossing, and what of them may be told."""
