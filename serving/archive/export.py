"""Write decided cases as Noark 5 journal entries into a folder, from where the municipality's archive system takes them.

Nothing is sent: this is the file drop that Fiks Arkiv's adapter, or a person, picks up. Doing it again writes what is new and leaves the
rest.
"""

from __future__ import annotations

import hashlib
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from features.declarations.project import Project
from features.errors import ReviewError
from serving.archive.collecting import ArchivedCase, closed_cases, collect_case, note_archived
from serving.archive.schema import NAMESPACE, XSI, check_document
from serving.person_keys import PersonKeys

XML = "arkivstruktur.xml"
_LAW = "Offl. § 13, jf. fvl. § 13"
_SYSTEM = "Tidlig"


@dataclass(frozen=True)
class Exported:
    """What an export came to."""

    folder: Path
    n_new: int
    n_there: int
    """Cases that an earlier export had written."""


def export_closed_cases(session: Session, keys: PersonKeys, project: Project, folder: Path, *, now: datetime) -> Exported:
    """Write each closed, decided case into a folder of its own, and log it; one that is there already is checked and left.

    Raises
    ------
    ReviewError
        TID760 when a document does not fit Noark 5, TID761 when a folder of a case holds something else than what was written there.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = there = 0
    for case in closed_cases(session):
        place = folder / case.reference
        if place.exists():
            check_written(place)
            there += 1
            continue
        collected = collect_case(session, keys, project, case)
        if collected is None:
            continue
        number = _next_number(folder)
        digest = _write(place, collected, project, number=number, now=now)
        note_archived(session, keys, case, digest=digest, now=now)
        new += 1
    return Exported(folder, new, there)


def check_written(place: Path) -> None:
    """Refuse a case's folder whose files are not those that its journal entry names.

    Raises
    ------
    ReviewError
        TID761.
    """
    try:
        root = ET.fromstring((place / XML).read_bytes())  # noqa: S314 - written here; nothing from elsewhere is parsed
        named = {
            str(one.findtext(f"{{{NAMESPACE}}}referanseDokumentfil")): str(one.findtext(f"{{{NAMESPACE}}}sjekksum"))
            for one in root.iter(f"{{{NAMESPACE}}}dokumentobjekt")
        }
        found = {name: hashlib.sha256((place / name).read_bytes()).hexdigest() for name in named}
    except (OSError, ET.ParseError) as error:
        raise _other(place) from error
    if found != named:
        raise _other(place)


def _other(place: Path) -> ReviewError:
    return ReviewError("TID761", f"{place} does not hold what an export wrote there. Move it aside, find out why, and export again.")


def _write(place: Path, case: ArchivedCase, project: Project, *, number: int, now: datetime) -> str:
    """Write files and XML into a folder that appears whole, by rename."""
    root = build_document(case, project, number=number, now=now)
    check_document(root)
    ET.register_namespace("xsi", XSI)
    text = ET.tostring(root, encoding="utf-8", xml_declaration=True, default_namespace=NAMESPACE)
    temporary = place.with_name(f".{place.name}.part")
    for left in temporary.glob("*") if temporary.exists() else ():
        left.unlink()
    temporary.mkdir(exist_ok=True, mode=0o700)
    for document in case.documents:
        (temporary / document.name).write_bytes(document.content)
    (temporary / XML).write_bytes(text)
    temporary.rename(place)
    return hashlib.sha256(text).hexdigest()


def build_document(case: ArchivedCase, project: Project, *, number: int, now: datetime) -> ET.Element:
    """Build the ``arkivstruktur`` of one case: archive, part, case file, journal entry, documents with their checksums."""
    names = {m.number: m.name for m in project.screening.municipality}
    unit = names.get(case.municipality, case.municipality)
    root = ET.Element(_tag("arkiv"))
    _put(root, systemID=project.id, tittel=project.screening.project.title)
    if project.is_synthetic:
        _put(root, beskrivelse="Alle personer er oppdiktede (synthetic=true).")
    _put(root, opprettetDato=case.created_at, opprettetAv=_SYSTEM, avsluttetDato=case.closed_at, avsluttetAv=_SYSTEM)
    creator = ET.SubElement(root, _tag("arkivskaper"))
    _put(creator, arkivskaperID=case.municipality, arkivskaperNavn=unit)
    part = ET.SubElement(root, _tag("arkivdel"))
    _put(part, systemID=f"{project.id}-{case.municipality}", tittel=unit, arkivdelstatus="Aktiv periode")
    _put(part, opprettetDato=case.created_at, opprettetAv=_SYSTEM, avsluttetDato=case.closed_at, avsluttetAv=_SYSTEM)
    _file(part, case, unit, number=number, now=now)
    return root


def _file(parent: ET.Element, case: ArchivedCase, unit: str, *, number: int, now: datetime) -> None:
    mappe = ET.SubElement(parent, _tag("mappe"), {f"{{{XSI}}}type": "saksmappe"})
    _put(mappe, systemID=case.case_id, mappeID=case.reference, tittel=case.title, offentligTittel="Vurdering av oppfølging")
    _put(mappe, opprettetDato=case.created_at, opprettetAv=_SYSTEM, avsluttetDato=case.closed_at, avsluttetAv=case.decided_by)
    _party(mappe, case)
    _shield(mappe)
    _entry(mappe, case, unit, number=number, now=now)
    _put(mappe, saksaar=case.created_at.year, sakssekvensnummer=number, saksdato=case.created_at.date())
    _put(mappe, administrativEnhet=unit, saksansvarlig=case.decided_by, saksstatus="Avsluttet")


def _entry(parent: ET.Element, case: ArchivedCase, unit: str, *, number: int, now: datetime) -> None:
    entry = ET.SubElement(parent, _tag("registrering"), {f"{{{XSI}}}type": "journalpost"})
    _put(entry, systemID=f"{case.case_id}-1", opprettetDato=case.decided_at, opprettetAv=case.decided_by)
    _put(entry, arkivertDato=now, arkivertAv=_SYSTEM)
    _party(entry, case)
    _shield(entry)
    for place, document in enumerate(case.documents, start=1):
        described = ET.SubElement(entry, _tag("dokumentbeskrivelse"))
        _put(described, systemID=f"{case.case_id}-1-{place}", dokumenttype=document.kind, dokumentstatus="Dokumentet er ferdigstilt")
        _put(described, tittel=document.title, opprettetDato=case.decided_at, opprettetAv=_SYSTEM)
        _put(described, tilknyttetRegistreringSom="Hoveddokument" if place == 1 else "Vedlegg", dokumentnummer=place)
        _put(described, tilknyttetDato=case.decided_at, tilknyttetAv=_SYSTEM)
        stored = ET.SubElement(described, _tag("dokumentobjekt"))
        _put(stored, systemID=f"{case.case_id}-1-{place}-1", versjonsnummer=1, variantformat="Arkivformat", format="JSON")
        _put(stored, pronomMIME="application/json", opprettetDato=case.decided_at, opprettetAv=_SYSTEM)
        _put(stored, referanseDokumentfil=document.name, sjekksum=hashlib.sha256(document.content).hexdigest())
        _put(stored, sjekksumAlgoritme="SHA-256", filstoerrelse=len(document.content))
    _put(entry, registreringsID=f"{case.reference}/1", tittel=case.title, offentligTittel="Vurdering av oppfølging")
    correspondent = ET.SubElement(entry, _tag("korrespondansepart"))
    _put(correspondent, korrespondanseparttype="Intern avsender", korrespondansepartNavn=unit, saksbehandler=case.decided_by)
    _put(entry, journalaar=case.decided_at.year, journalsekvensnummer=number, journalpostnummer=1)
    _put(entry, journalposttype="Organinternt dokument uten oppfølging", journalstatus="Arkivert")
    _put(entry, journaldato=now.date(), dokumentetsDato=case.decided_at.date(), antallVedlegg=len(case.documents) - 1)


def _party(parent: ET.Element, case: ArchivedCase) -> None:
    """Name the person by the random id alone; the archive's own people look up who it is, with the key holder."""
    party = ET.SubElement(parent, _tag("part"))
    _put(party, partID=case.subject_id, partNavn=case.reference, partRolle="Den saken gjelder")


def _shield(parent: ET.Element) -> None:
    shield = ET.SubElement(parent, _tag("skjerming"))
    _put(shield, tilgangsrestriksjon="Unntatt offentlighet", skjermingshjemmel=_LAW, skjermingMetadata="Skjerming navn part i sak")
    _put(shield, skjermingDokument="Skjerming av hele dokumentet")


def _put(parent: ET.Element, **values: object) -> None:
    for name, value in values.items():
        ET.SubElement(parent, _tag(name)).text = value.isoformat() if hasattr(value, "isoformat") else str(value)


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _next_number(folder: Path) -> int:
    """Number journal entries of one folder from 1, without gaps."""
    return 1 + sum(1 for place in folder.iterdir() if re.fullmatch(r"T-[0-9A-F]+", place.name))
