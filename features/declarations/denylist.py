"""The hard deny-list: what may never be loaded, whatever a project says (R-03).

Names are matched, not values: of indicators, of columns and of what a query names. A project may *declare* such an indicator with
``use = "never"``, so that an auditor sees it was thought of; then it has no features, no source and no rows.
"""

from __future__ import annotations

import re
import unicodedata

DENIED = {
    "citizenship": r"citizenship|nationality|statsborger|nasjonalitet",
    "country of origin": r"country|landgruppe|landbakgrunn|fode_?land|fodested|birth_?place|place_of_birth",
    "religion": r"religio|livssyn|belief|tro_og",
    "sexual orientation": r"orientation|seksuell|legning",
    "diagnosis codes finer than a chapter": r"diagnos|icd_?10|icpc_?2_?(code|kode)",
    "prescriptions": r"prescription|resept|medication|legemid|atc_(code|kode)",
    "crime": r"crime|criminal|krimin|offen[cs]e|convict|siktet|straff|police|politi|charged|incarceration|delinquen",
    "parents' health": r"parents?_(mh|health|disab|substance|illness)|(foreldres?|mors?|fars?)_(syk|helse|ufor|rus)",
    "free text": r"free_?text|fritekst|journal_?(note|notat)",
    "social media": r"social_?media|sosiale_medier",
    "exact address": r"street|gateadresse|exact_address|coordinates|koordinat",
    "survey answers": r"survey|sporreundersok|elevundersok|sdq_",
}
"""What -> pattern over a folded name."""

DENIED_AS_LABEL = {
    "measures of child welfare": r"^cws_|barnevern|child_welfare",
    "benefit fraud": r"fraud|svindel|trygdemisbruk",
    "an index of marginalisation": r"marginali[sz]ation|utenforskapsindeks",
}
"""What may be a predictor, or nothing, but never the outcome that a screening wants to prevent (domain rules for labels)."""


def find_denied(name: str) -> str | None:
    """Say what on the deny-list a name stands for, or None.

    >>> find_denied("Fødeland (kode)"), find_denied("fravær")
    ('country of origin', None)
    """
    folded = _fold(name)
    return next((what for what, pattern in DENIED.items() if re.search(pattern, folded)), None)


def check_not_denied(name: str) -> str:
    """Refuse an indicator or column whose name says it is on the hard deny-list.

    Raises
    ------
    ValueError
        Naming the rule; no setting lifts it.
    """
    what = find_denied(name)
    if what is not None:
        raise ValueError(f"{name!r} is on the hard deny-list ({what}; R-03). No setting lifts this: leave it out.")
    return name


def check_label_allowed(code: str) -> None:
    """Refuse a label that would teach a model to foresee what services did, or what nobody may be screened for.

    Raises
    ------
    ValueError
        Naming the rule; no setting lifts it.
    """
    what = next((what for what, pattern in DENIED_AS_LABEL.items() if re.search(pattern, _fold(code))), None)
    if what is not None:
        raise ValueError(f"{code!r} may not be a label: {what} is never an outcome here. No setting lifts this: leave it out.")


def denied_in_query(sql: str) -> list[str]:
    """List the names in a query that are on the deny-list; comments do not count, text in quotes may name a column and does.

    >>> denied_in_query("SELECT person, landbakgrunn AS x /* no diagnosis here */ FROM people")
    ['landbakgrunn']
    """
    bare = re.sub(r"--[^\n]*|/\*.*?\*/", " ", sql, flags=re.DOTALL)
    return sorted({name for name in re.findall(r"\w+", bare) if find_denied(name) is not None})


def _fold(name: str) -> str:
    """Lower case, without accents, Norwegian letters as their base, anything else as an underscore."""
    letters = name.casefold().replace("ø", "o").replace("æ", "ae")
    plain = "".join(c for c in unicodedata.normalize("NFKD", letters) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "_", plain)
