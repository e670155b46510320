"""The part of Noark 5 that an export uses: elements, their order, how often, and what may stand in them.

Names, order, occurrence and lists of values are those of Arkivverket's schemas ``arkivstruktur.xsd`` and ``metadatakatalog.xsd`` (Noark 5,
version 5.0). Elements that an export never writes are left out. The official files are not part of this package, and this one does not take
their place: a deployer validates a first export with them, or in Arkade 5 [to verify].
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from xml.etree.ElementTree import Element

from features.errors import ReviewError

NAMESPACE = "http://www.arkivverket.no/standarder/noark5/arkivstruktur"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
MANY = 10**9


@dataclass(frozen=True)
class Rule:
    """One element inside another."""

    name: str
    type: str
    """A structure of `STRUCTURES`, or ``text``, ``date``, ``moment``, ``integer``, ``sha256`` or a list of `VALUES`."""
    least: int = 1
    most: int = 1


VALUES: dict[str, frozenset[str]] = {
    "arkivstatus": frozenset({"Opprettet", "Avsluttet"}),
    "arkivdelstatus": frozenset({"Aktiv periode", "Overlappingsperiode", "Avsluttet periode", "Uaktuelle mapper"}),
    "saksstatus": frozenset({"Under behandling", "Avsluttet", "Utgår"}),
    "journalstatus": frozenset({"Journalført", "Ekspedert", "Arkivert", "Utgår"}),
    "dokumentstatus": frozenset({"Dokumentet er under redigering", "Dokumentet er ferdigstilt"}),
    "journalposttype": frozenset(
        {
            "Inngående dokument",
            "Utgående dokument",
            "Organinternt dokument for oppfølging",
            "Organinternt dokument uten oppfølging",
            "Saksframlegg",
        }
    ),
    "korrespondanseparttype": frozenset({"Avsender", "Mottaker", "Kopimottaker", "Gruppemottaker", "Intern avsender", "Intern mottaker"}),
    "tilgangsrestriksjon": frozenset({"Unntatt offentlighet"}),
    "skjermingMetadata": frozenset({"Skjerming navn part i sak", "Skjerming tittel dokumentbeskrivelse", "Skjerming navn avsender"}),
    "skjermingDokument": frozenset({"Skjerming av hele dokumentet", "Skjerming av deler av dokumentet"}),
    "dokumentmedium": frozenset({"Elektronisk arkiv"}),
    "tilknyttetRegistreringSom": frozenset({"Hoveddokument", "Vedlegg"}),
    "variantformat": frozenset({"Arkivformat", "Produksjonsformat"}),
    "sjekksumAlgoritme": frozenset({"SHA-256"}),
}
"""Lists of values; of long ones those that an export writes."""

_MADE = (Rule("opprettetDato", "moment"), Rule("opprettetAv", "text"))
_ENDED = (Rule("avsluttetDato", "moment"), Rule("avsluttetAv", "text"))

_REGISTRERING = (
    Rule("systemID", "text"),
    *_MADE,
    Rule("arkivertDato", "moment"),
    Rule("arkivertAv", "text"),
    Rule("part", "part", 0, MANY),
    Rule("skjerming", "skjerming", 0),
    Rule("dokumentbeskrivelse", "dokumentbeskrivelse", 0, MANY),
    Rule("registreringsID", "text", 0),
    Rule("tittel", "text"),
    Rule("offentligTittel", "text", 0),
    Rule("beskrivelse", "text", 0),
    Rule("dokumentmedium", "dokumentmedium", 0),
    Rule("korrespondansepart", "korrespondansepart", 1, MANY),
)

_MAPPE = (
    Rule("systemID", "text"),
    Rule("mappeID", "text"),
    Rule("tittel", "text"),
    Rule("offentligTittel", "text", 0),
    Rule("beskrivelse", "text", 0),
    Rule("dokumentmedium", "dokumentmedium", 0),
    *_MADE,
    *_ENDED,
    Rule("part", "part", 0, MANY),
    Rule("skjerming", "skjerming", 0),
    Rule("registrering", "journalpost", 0, MANY),
)

STRUCTURES: dict[str, tuple[Rule, ...]] = {
    "arkiv": (
        Rule("systemID", "text"),
        Rule("tittel", "text"),
        Rule("beskrivelse", "text", 0),
        Rule("arkivstatus", "arkivstatus", 0),
        Rule("dokumentmedium", "dokumentmedium", 0),
        *_MADE,
        *_ENDED,
        Rule("arkivskaper", "arkivskaper", 1, MANY),
        Rule("arkivdel", "arkivdel", 1, MANY),
    ),
    "arkivskaper": (Rule("arkivskaperID", "text"), Rule("arkivskaperNavn", "text"), Rule("beskrivelse", "text", 0)),
    "arkivdel": (
        Rule("systemID", "text"),
        Rule("tittel", "text"),
        Rule("beskrivelse", "text", 0),
        Rule("arkivdelstatus", "arkivdelstatus"),
        Rule("dokumentmedium", "dokumentmedium", 0),
        *_MADE,
        *_ENDED,
        Rule("mappe", "saksmappe", 0, MANY),
    ),
    "saksmappe": (
        *_MAPPE,
        Rule("saksaar", "integer"),
        Rule("sakssekvensnummer", "integer"),
        Rule("saksdato", "date"),
        Rule("administrativEnhet", "text"),
        Rule("saksansvarlig", "text"),
        Rule("saksstatus", "saksstatus"),
    ),
    "part": (Rule("partID", "text", 0), Rule("partNavn", "text"), Rule("partRolle", "text")),
    "skjerming": (
        Rule("tilgangsrestriksjon", "tilgangsrestriksjon"),
        Rule("skjermingshjemmel", "text"),
        Rule("skjermingMetadata", "skjermingMetadata", 1, MANY),
        Rule("skjermingDokument", "skjermingDokument", 0),
    ),
    "journalpost": (
        *_REGISTRERING,
        Rule("journalaar", "integer"),
        Rule("journalsekvensnummer", "integer"),
        Rule("journalpostnummer", "integer"),
        Rule("journalposttype", "journalposttype"),
        Rule("journalstatus", "journalstatus"),
        Rule("journaldato", "date"),
        Rule("dokumentetsDato", "date", 0),
        Rule("antallVedlegg", "integer", 0),
    ),
    "korrespondansepart": (
        Rule("korrespondanseparttype", "korrespondanseparttype"),
        Rule("korrespondansepartNavn", "text"),
        Rule("administrativEnhet", "text", 0),
        Rule("saksbehandler", "text", 0),
    ),
    "dokumentbeskrivelse": (
        Rule("systemID", "text"),
        Rule("dokumenttype", "text"),
        Rule("dokumentstatus", "dokumentstatus"),
        Rule("tittel", "text"),
        Rule("beskrivelse", "text", 0),
        *_MADE,
        Rule("dokumentmedium", "dokumentmedium", 0),
        Rule("tilknyttetRegistreringSom", "tilknyttetRegistreringSom"),
        Rule("dokumentnummer", "integer"),
        Rule("tilknyttetDato", "moment"),
        Rule("tilknyttetAv", "text"),
        Rule("dokumentobjekt", "dokumentobjekt", 0, MANY),
    ),
    "dokumentobjekt": (
        Rule("systemID", "text"),
        Rule("versjonsnummer", "integer"),
        Rule("variantformat", "variantformat"),
        Rule("format", "text"),
        Rule("pronomMIME", "text", 0),
        *_MADE,
        Rule("referanseDokumentfil", "text"),
        Rule("sjekksum", "sha256"),
        Rule("sjekksumAlgoritme", "sjekksumAlgoritme"),
        Rule("filstoerrelse", "integer"),
    ),
}
"""Structure -> its elements in order. ``saksmappe`` and ``journalpost`` extend ``mappe`` and ``registrering``; ``xsi:type`` says so."""

_EXTENSIONS = {"saksmappe", "journalpost"}


def check_document(root: Element) -> None:
    """Refuse a document that does not fit the schema.

    Raises
    ------
    ReviewError
        TID760 naming every place, and nothing of what stands there.
    """
    wrong = list(_faults(root, "arkiv", "arkiv")) if root.tag == _tag("arkiv") else [f"the root is {root.tag}"]
    if wrong:
        raise ReviewError("TID760", f"the export does not fit Noark 5: {'; '.join(wrong[:10])}. Nothing was written; report this fault.")


def _faults(element: Element, structure: str, place: str) -> Iterator[str]:
    if structure in _EXTENSIONS and element.get(f"{{{XSI}}}type") != structure:
        yield f"{place} has no xsi:type {structure}"
    children = list(element)
    at = 0
    for rule in STRUCTURES[structure]:
        found = 0
        while at < len(children) and children[at].tag == _tag(rule.name):
            yield from _faults_of_value(children[at], rule, f"{place}/{rule.name}")
            at, found = at + 1, found + 1
        if not rule.least <= found <= rule.most:
            yield f"{place} has {found} {rule.name}, expected {rule.least} to {'many' if rule.most == MANY else rule.most}"
    if at < len(children):
        yield f"{place} has {children[at].tag.rpartition('}')[2]} where it does not belong"


def _faults_of_value(element: Element, rule: Rule, place: str) -> Iterator[str]:
    if rule.type in STRUCTURES:
        yield from _faults(element, rule.type, place)
    elif len(element) or not _fits((element.text or "").strip(), rule.type):
        yield f"{place} is no {rule.type}"


def _fits(text: str, kind: str) -> bool:
    if kind in VALUES:
        return text in VALUES[kind]
    if kind == "text":
        return bool(text)
    if kind == "sha256":
        return re.fullmatch("[0-9a-f]{64}", text) is not None
    if kind == "integer":
        return text.isascii() and text.isdigit()
    try:
        return (date.fromisoformat(text) if kind == "date" else datetime.fromisoformat(text)) is not None
    except ValueError:
        return False


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
