"""Generated reference pages; nothing here is part of the wheel."""
