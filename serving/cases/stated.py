"""Words in which somebody says why they need to see or do something: long enough, and without a national identity number."""

from __future__ import annotations

from features.errors import ReviewError
from features.nationalid import holds_national_id
from serving.cases.policies import MIN_TEXT, check_length


def checked_words(text: str, *, what: str, at_least: int = MIN_TEXT) -> str:
    """Give the words without surrounding blanks.

    Raises
    ------
    ReviewError
        TID703 when they are shorter than asked, TID707 when they hold what looks like a national identity number.
    """
    words = check_length(text, what=what, at_least=at_least)
    if holds_national_id(words):
        raise ReviewError("TID707", f"{what} holds what looks like a national identity number. Leave it out.")
    return words
