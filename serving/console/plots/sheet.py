"""The sheet a picture is drawn on: an image to whoever can't see it, with a title and what it shows in words."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from markupsafe import Markup


def sheet(name: str, width: int, height: int, parts: Iterable[str], *, title: str, description: str) -> Markup:
    """Put drawn parts on a sheet; `name` is unique on the page, and both texts are read out in place of the picture."""
    said = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
    opening = f'<svg class="plot" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{name}-title {name}-desc">'
    return Markup(f"{opening}{said}{''.join(parts)}</svg>")  # noqa: S704 - every text in the parts was escaped where it was written
