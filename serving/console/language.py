"""Words, dates and numbers in the reader's language.

The catalogues are gettext files, ``messages/<language>/LC_MESSAGES/console.po``, read once when the first page is asked for. Keys are
names such as ``queue.heading``, never sentences, so that all three languages are equals. A key that a catalogue lacks raises: a test
keeps that from happening, and no page shows another language's words by surprise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Literal, cast, get_args

from babel import Locale, negotiate_locale
from babel.dates import format_date, format_datetime, format_interval
from babel.lists import format_list
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from features.declarations.catalogue import Wording
from serving.local_time import OSLO
from serving.roles import ROLES, Role

Language = Literal["nb", "nn", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

MESSAGES = Path(__file__).parent / "messages"

_LOCALES: dict[Language, str] = {"nb": "nb_NO", "nn": "nn_NO", "en": "en_GB"}
_MOMENT: dict[Language, str] = {"nb": "d. MMMM y 'kl.' HH.mm", "nn": "d. MMMM y 'kl.' HH.mm", "en": "d MMMM y 'at' HH:mm"}
_SHORT_MOMENT: dict[Language, str] = {"nb": "dd.MM.y HH.mm", "nn": "dd.MM.y HH.mm", "en": "dd/MM/y HH:mm"}
_WEEKDAY: dict[Language, str] = {"nb": "EEEE d. MMMM", "nn": "EEEE d. MMMM", "en": "EEEE d MMMM"}
_ALIASES = {"no": "nb", "nb": "nb", "nn": "nn", "en": "en"}
_STRONG = re.compile(r"\*\*(.+?)\*\*")
Catalogue = Mapping[str, tuple[str, ...]]
"""Key -> the text, or its singular and plural."""


@dataclass(frozen=True)
class Tongue:
    r"""One reader's language: everything a template needs to speak it.

    Examples
    --------
    >>> tongue("nb").day(date(2026, 11, 21)), tongue("en").day(date(2026, 11, 21))
    ('21. november 2026', '21 November 2026')
    >>> tongue("nn").number(1234.5), tongue("nb").decimals(0.5)
    ('1\xa0234,5', '0,500')
    """

    language: Language
    catalogue: Catalogue

    def __call__(self, key: str, **values: object) -> str:
        """Give the text of a key with its ``{names}`` filled in.

        Raises
        ------
        KeyError
            When this language lacks the key.
        """
        return self._find(key)[0].format(**values)

    def count(self, key: str, n: float, **values: object) -> str:
        """Give the text of a key for `n` things, which it may name as ``{n}``."""
        one, other = self._find(key)
        return (one if self._locale.plural_form(n) == "one" else other).format(n=self.number(round(n, 2)), **values)

    def strong(self, key: str, **values: object) -> Markup:
        """Give a text in which ``**words**`` are strong; everything filled in is escaped."""
        escaped = str(escape(self._find(key)[0])).format(**{name: escape(value) for name, value in values.items()})
        return Markup(_STRONG.sub(r"<strong>\1</strong>", escaped))  # noqa: S704  (escaped above)

    def choices(self, family: str, values: Iterable[str]) -> list[tuple[str, str]]:
        """Name the values that a form offers, whose keys begin alike: value and words."""
        return [(value, self(f"{family}.{value}")) for value in values]

    def words(self, wording: Wording) -> str:
        """Give a project's own wording."""
        return cast("str", getattr(wording, self.language))

    def day(self, day: date) -> str:
        """Write a day, such as 21. november 2026."""
        return format_date(day, "long", locale=self._locale)

    def weekday(self, day: date) -> str:
        """Write a day of this year with its weekday, such as mandag 23. november."""
        return format_date(day, _WEEKDAY[self.language], locale=self._locale)

    def span(self, first: date, last: date) -> str:
        """Write the days from one to another in short, such as 23.–29. nov."""
        return format_interval(first, last, "MMMd", locale=self._locale)

    def month(self, day: date) -> str:
        """Write a month, such as november 2026."""
        return format_date(day, "LLLL y", locale=self._locale)

    def clock(self, moment: datetime) -> str:
        """Write a moment as the clock on a Norwegian wall shows it."""
        return format_datetime(moment, _MOMENT[self.language], tzinfo=OSLO, locale=self._locale)

    def clock_short(self, moment: datetime) -> str:
        """Write a moment in figures, for tables."""
        return format_datetime(moment, _SHORT_MOMENT[self.language], tzinfo=OSLO, locale=self._locale)

    def number(self, value: float) -> str:
        """Write a number with the language's own separators."""
        return format_decimal(value, locale=self._locale)

    def figure(self, value: str | float | None) -> str:
        """Write an aggregate with three decimals at most; what can't be known is a dash."""
        if value is None or value != value:
            return "–"
        return str(value) if isinstance(value, str | bool) else self.number(round(value, 3))

    def decimals(self, value: float, places: int = 3) -> str:
        """Write a figure with so many decimals, noughts too, so that figures below each other are equally exact."""
        return "–" if value != value else format_decimal(round(value, places), format=f"0.{'0' * places}", locale=self._locale)

    def of_100(self, share: float) -> str:
        """Write a share as a whole number of 100; never of one person's score."""
        return "–" if share != share else self.number(round(100 * share))

    def amount(self, value: float | str, unit: str | None) -> str:
        """Write a value with its unit, in this language where the unit is one of the catalogue's own."""
        written = value if isinstance(value, str) else self.number(round(value, 2))
        return written if unit is None else f"{written} {self._unit(unit, value)}"

    def listed(self, words: Iterable[str]) -> str:
        """Write words as a list within a sentence."""
        return format_list([as_clause(word) for word in words], locale=self._locale)

    def level(self, name: str) -> str:
        """Name a level of a category, in this language where it is one of the catalogue's own."""
        key = f"level.{name}"
        return self(key) if key in self.catalogue else name

    def window(self, days: int) -> str:
        """Say how far back a value looks, such as *siste 90 dager* or *siste 3 år*."""
        years = round(days / 365.25)
        return self.count("window.years", years) if days in (365 * years, int(365.25 * years)) else self.count("window.days", days)

    def role(self, role: str) -> str:
        """Name a role; an event that no person caused has none."""
        return self.words(ROLES[Role(role)].name) if role in set(Role) else self("role.system")

    def _unit(self, unit: str, value: float | str) -> str:
        key = f"unit.{unit}"
        return self.count(key, 1 if value == 1 else 2) if key in self.catalogue else unit

    @property
    def _locale(self) -> Locale:
        return Locale.parse(_LOCALES[self.language])

    def _find(self, key: str) -> tuple[str, ...]:
        try:
            return self.catalogue[key]
        except KeyError:
            raise KeyError(f"messages/{self.language} lacks the key {key!r}") from None


def as_clause(words: str) -> str:
    """Write a label as a part of a sentence; what begins with an abbreviation keeps its capitals.

    Examples
    --------
    >>> as_clause("Fravær, hele dager"), as_clause("NAV-tiltak")
    ('fravær, hele dager', 'NAV-tiltak')
    """
    return words[:1].lower() + words[1:] if words[1:2].islower() else words


@cache
def tongue(language: Language) -> Tongue:
    """Give a language with its catalogue; read once."""
    return Tongue(language, read_catalogue(MESSAGES / language / "LC_MESSAGES" / "console.po"))


def read_catalogue(path: Path) -> dict[str, tuple[str, ...]]:
    """Read a gettext file; entries that are not translated or marked fuzzy are left out."""
    with path.open("rb") as file:
        catalogue = read_po(file, abort_invalid=True)
    texts = {}
    for message in catalogue:
        key = message.id if isinstance(message.id, str) else message.id[0]
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        if key and forms and all(forms) and not message.fuzzy:
            texts[key] = forms
    return texts


def choose_language(*wishes: str | None, offered: Sequence[Language]) -> Language:
    """Choose the first wish that is offered; a wish is a language or an ``Accept-Language`` header.

    Examples
    --------
    >>> choose_language(None, "nn-NO,nn;q=0.9,nb;q=0.8", offered=("nb", "nn", "en"))
    'nn'
    >>> choose_language("xx", "de", offered=("nb", "nn", "en"))
    'nb'
    """
    for wish in wishes:
        preferred = [_ALIASES[code] for code in _in_order(wish or "") if code in _ALIASES]
        found = negotiate_locale(preferred, offered)
        if found is not None:
            return cast("Language", found)
    return offered[0]


def _in_order(header: str) -> list[str]:
    """Language codes of an ``Accept-Language`` header, best first; what can't be read counts least."""
    ranked = []
    for part in header.split(","):
        code, _, quality = part.strip().lower().partition(";q=")
        ranked.append((_quality(quality), code.split("-")[0]))
    return [code for weight, code in sorted(ranked, key=lambda pair: -pair[0]) if weight > 0]


def _quality(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
