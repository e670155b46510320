"""Figures by area for everybody from 0 to 24; for children under ten there are no others."""
