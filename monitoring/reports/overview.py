"""Every monthly report there is: what failed, how its sign-off stands, and whether its parts still belong together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from features.declarations.project import Project
from features.errors import GateError, ScreeningError
from features.ledger import VerifiedLedger
from models.promotion.signers import Signers, read_signers
from monitoring.files import CONTENT, read_content
from monitoring.incidents.book import verify_incidents
from monitoring.reports.content import FORMAT
from monitoring.reports.publishing import changed_pages
from monitoring.reports.sign_offs import SignOff, SignOffState, read_sign_offs, sign_off_state
from monitoring.reports.simulated import read_simulated

WORDS: dict[SignOffState, str] = {
    "signed": "signed",
    "earlier_version": "signed in an earlier version only",
    "invalid": "does not verify",
    "unsigned": "not signed",
}


@dataclass(frozen=True)
class ReportLine:
    """One report, as the list shows it.

    Attributes
    ----------
    failed
        Codes of the signals that failed.
    sign_offs
        Every sign-off, as `SignOff.shown` gives it.
    simulated
        What stands in for sign-offs in a synthetic project, as `ReadSimulated.shown` gives it; none of it counts as signed.
    format
        Of its `report.json`.
    """

    model: str
    month: str
    version: str
    made_at: str
    failed: tuple[str, ...]
    stopped_by: tuple[str, ...]
    sign_off: SignOffState
    sign_offs: tuple[dict[str, Any], ...]
    simulated: tuple[dict[str, Any], ...] = ()
    format: int = FORMAT

    @property
    def is_of_this_format(self) -> bool:
        """Whether other reports and the pages above can be set beside it."""
        return self.format == FORMAT

    @property
    def may_be_renewed(self) -> bool:
        """Whether nobody's signature is under this very version; one that does not hold is for people to look into, as it stands."""
        return self.sign_off in ("unsigned", "earlier_version")

    @property
    def sign_off_words(self) -> str:
        """How the sign-off stands, with the roles and days of those that count."""
        current = [f"{one['role']} {one['signed_at'][:10]}" for one in self.sign_offs if one["is_about_this_version"] and one["holds"]]
        said = f"{WORDS[self.sign_off]}: {', '.join(current)}" if self.sign_off == "signed" else WORDS[self.sign_off]
        n_simulated = sum(one["is_about_this_version"] for one in self.simulated)
        return f"{said}; {n_simulated} simulated by login" if n_simulated else said

    def as_dict(self) -> dict[str, Any]:
        """Give the line as JSON-ready fields."""
        return {**asdict(self), "is_of_this_format": self.is_of_this_format}


@dataclass(frozen=True)
class Verified:
    """What a check of everything found."""

    n_reports: int
    n_sign_offs: int
    book: VerifiedLedger
    problems: tuple[str, ...]
    n_simulated: int = 0
    """Of what stands in for sign-offs in a synthetic project: read, and never counted as signed."""

    def as_dict(self) -> dict[str, Any]:
        """Give the result as JSON-ready fields."""
        return {
            "n_reports": self.n_reports,
            "n_sign_offs": self.n_sign_offs,
            "n_simulated": self.n_simulated,
            "incidents": asdict(self.book),
            "problems": list(self.problems),
        }


def report_folders(project: Project) -> list[Path]:
    """Folders of every monthly report, by model and month."""
    return sorted(path.parent for path in (project.var / "reports").glob(f"*/*/{CONTENT}"))


def get_report_folder(project: Project, *, model: str, month: str) -> Path:
    """Return the folder of one report, which is one of those there are: no other path gets in by a name.

    Raises
    ------
    GateError
        TID624.
    """
    folder = project.var / "reports" / model / month
    if folder not in report_folders(project):
        raise GateError(
            "TID624", f"there is no report of {month} on {model} in {project.root}. `tidlig monitor list` names those there are."
        )
    return folder


def list_monthly_reports(project: Project) -> list[ReportLine]:
    """List every report, the newest month first.

    Raises
    ------
    DataError
        TID482 when one is not what monitoring wrote.
    GateError
        TID605 signers that can't be read, TID620 sign-offs that are not what was written.
    """
    signers = read_signers(project)
    lines = [_line(folder, signers) for folder in report_folders(project)]
    return sorted(lines, key=lambda line: (line.month, line.model), reverse=True)


def old_reports(lines: Sequence[ReportLine]) -> dict[str, list[str]]:
    """Name the reports of an earlier format, the oldest first: those that can be made anew, and those that stay because they are signed."""
    old = sorted((one for one in lines if not one.is_of_this_format), key=lambda one: (one.month, one.model))
    return {
        "renewable": [f"{one.model} {one.month}" for one in old if one.may_be_renewed],
        "signed": [f"{one.model} {one.month}" for one in old if not one.may_be_renewed],
    }


def old_reports_words(lines: Sequence[ReportLine]) -> str | None:
    """Say which reports are of an earlier format and what renews them; None where there are none.

    Examples
    --------
    >>> line = ReportLine("m", "2026-05", "1", "2026-06-01", (), (), "unsigned", (), format=1)
    >>> print(old_reports_words([line]))
    Of an earlier format: m 2026-05. `tidlig monitor --renew` makes them anew.
    """
    old = old_reports(lines)
    renewable, signed = ", ".join(old["renewable"]), ", ".join(old["signed"])
    said = [f"Of an earlier format: {renewable}. `tidlig monitor --renew` makes them anew."] if renewable else []
    if signed:
        said.append(f"Of an earlier format, and left as they were signed: {signed}.")
    return " ".join(said) or None


def verify_reports(project: Project) -> Verified:
    """Check every report's pages, every sign-off, and the incidents' book; what does not hold is named, and nothing stops at the first.

    Raises
    ------
    LedgerError
        TID801 to TID805 when the incidents' book does not verify.
    GateError
        TID605 signers that can't be read.
    """
    book, signers = verify_incidents(project), read_signers(project)
    folders = report_folders(project)
    checked = [(folder, *_check(folder, signers)) for folder in folders]
    return Verified(
        n_reports=len(folders),
        n_sign_offs=sum(len(sign_offs) for _, sign_offs, _, _ in checked),
        n_simulated=sum(n_simulated for _, _, n_simulated, _ in checked),
        book=book,
        problems=tuple(f"{folder.parent.name} {folder.name}: {problem}" for folder, _, _, problems in checked for problem in problems),
    )


def _line(folder: Path, signers: Signers) -> ReportLine:
    content, sign_offs = read_content(folder / CONTENT), read_sign_offs(folder, signers=signers)
    return ReportLine(
        model=str(content["model"]),
        month=str(content["month"]),
        version=str(content["version"]),
        made_at=str(content["made_at"]),
        failed=tuple(str(signal["code"]) for signal in content["signals"] if signal["verdict"] == "FAILED"),
        stopped_by=tuple(map(str, content.get("stopped_by", content["suspended_by"]))),
        sign_off=sign_off_state(sign_offs),
        sign_offs=tuple(one.shown() for one in sign_offs),
        simulated=tuple(one.shown() for one in read_simulated(folder)),
        format=int(content["format"]),
    )


def _check(folder: Path, signers: Signers) -> tuple[tuple[SignOff, ...], int, list[str]]:
    try:
        content, sign_offs = read_content(folder / CONTENT), read_sign_offs(folder, signers=signers)
        simulated = read_simulated(folder)
    except ScreeningError as error:
        return (), 0, [error.message]
    pages = changed_pages(folder, content)
    problems = [f"{', '.join(pages)} not as written. Run `tidlig monitor` for the month again."] if pages else []
    return sign_offs, len(simulated), [*problems, *_faults(sign_offs)]


def _faults(sign_offs: tuple[SignOff, ...]) -> Iterator[str]:
    for one in sign_offs:
        if one.fault is not None:
            yield f"the sign-off of {one.statement.signed_at}: {one.fault}"
