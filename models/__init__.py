"""From features to an explained, calibrated risk."""
