"""`tidlig monitor list`, `sign` and `verify`: which reports there are, who signed them off, and whether all of it still holds."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line, print_table
from features.errors import GateError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from features.declarations.project import Project

ModelOption = Annotated[str, typer.Option("--model", help="Model, as `tidlig monitor list` names it.")]
SignedMonthOption = Annotated[str, typer.Option("--month", help="Month of the report, YYYY-MM.")]


def list_reports(project: ProjectOption = HERE, as_json: JsonOption = False) -> None:
    """List the monthly reports: what failed, whether an auditor has signed this very version, and which are of an earlier format."""
    from monitoring.reports.overview import list_monthly_reports, old_reports_words

    loaded = _load(project)
    found = list_monthly_reports(loaded)
    if as_json:
        print_json({"project": loaded.id, "synthetic": loaded.is_synthetic, "reports": [one.as_dict() for one in found]})
        return
    rows = [(one.model, one.month, one.version, ", ".join(one.failed) or "none", one.made_at[:16], one.sign_off_words) for one in found]
    print_table("Monthly reports", ("model", "month", "version", "failed signals", "made (UTC)", "sign-off"), rows)
    if (old := old_reports_words(found)) is not None:
        print_line(old)


def sign(
    model: ModelOption,
    month: SignedMonthOption,
    key: Annotated[Path, typer.Option("--key", help="Your signing key; its role in signers.toml is fairness-revisor.")],
    remark: Annotated[str, typer.Option("--remark", help="What you looked at and what you found; never about a person.")],
    passphrase_file: Annotated[
        Path | None,
        typer.Option(
            "--passphrase-file",
            help="File with the key's passphrase, readable by its owner alone. Else TIDLIG_SIGNING_PASSPHRASE, else it is asked for.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Sign without being asked, what was read elsewhere; with --json always.")] = False,
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Sign a report off as an auditor: you have read this very version of it, and this is your remark.

    The signature is over the bytes of report.json, which names the hashes of its pages, and lies beside it in signoff.json. A report that
    is renewed keeps it, and is shown as signed in an earlier version.
    """
    from models.promotion.signers import read_signers
    from monitoring.reports.following_up import send_signed
    from monitoring.reports.overview import get_report_folder, list_monthly_reports
    from monitoring.reports.sign_offs import check_report, sign_report
    from monitoring.reports.standing_pages import write_standing_pages

    if as_json and not yes:
        raise typer.BadParameter("--json shows nothing before it signs: read what is signed first, then add --yes")
    loaded = _load(project)
    folder = get_report_folder(loaded, model=model, month=month)
    if not as_json:
        _show_what_is_signed(check_report(folder)[0], folder)
    if not yes:
        typer.confirm("Sign this?", abort=True, err=True)
    private, now = _read_key(loaded, key, passphrase_file), datetime.now(UTC)
    made = sign_report(loaded, folder, key=private, signers=read_signers(loaded), remark=remark, now=now)
    write_standing_pages(loaded.var / "reports", list_monthly_reports(loaded))
    if as_json:
        print_json({"project": loaded.id, "synthetic": loaded.is_synthetic, **made.as_dict()})
    else:
        said = made.statement
        print_line(f"Signed by {said.person} ({said.role}) with key {said.key}: {folder / 'signoff.json'}")
    for sent in send_signed(loaded, made.statement, environ=os.environ, now=now):
        if sent.n_waiting:
            typer.echo(f"{sent.n_waiting} events wait for {sent.sink} ({sent.problem}); `tidlig monitor` sends them.", err=True)


def verify(project: ProjectOption = HERE, as_json: JsonOption = False) -> None:
    """Verify every report again: its pages by their hashes, every sign-off by the keys of signers.toml, and the incidents' book."""
    from monitoring.reports.overview import verify_reports

    loaded = _load(project)
    found = verify_reports(loaded)
    if as_json:
        print_json({"project": loaded.id, "synthetic": loaded.is_synthetic, **found.as_dict()})
    else:
        signed = f"{found.n_sign_offs} sign-offs{_simulated(found.n_simulated)}"
        print_line(
            f"{found.n_reports} reports, {signed}, {found.book.count} entries of incidents. "
            f"Anchor of the incidents: {found.book.count}:{found.book.head}"
        )
        for problem in found.problems:
            print_line(f"Does not hold: {problem}")
    if found.problems:
        raise GateError("TID625", f"{len(found.problems)} of the monthly reports' parts do not hold: {found.problems[0]}")


def _simulated(n: int) -> str:
    return f" and {n} simulated that prove nothing" if n else ""


def _show_what_is_signed(content: dict[str, Any], folder: Path) -> None:
    rows = [(signal["code"], signal["title"], signal["verdict"]) for signal in content["signals"]]
    print_table(f"{content['model']} {content['month']}, version {content['version']}", ("signal", "question", "verdict"), rows)
    print_line(f"Made {content['made_at'][:16]} UTC from inputs {content['inputs_hash']}. The whole report: {folder / 'report.html'}")


def _read_key(project: Project, path: Path, passphrase_file: Path | None) -> Ed25519PrivateKey:
    from models.promotion.key_files import is_encrypted, read_key_file
    from models.promotion.passphrases import take_passphrase

    passphrase = None
    if is_encrypted(path):
        ask = typer.prompt
        passphrase = take_passphrase(
            passphrase_file, environ=os.environ, ask=lambda: str(ask("Passphrase of the key", hide_input=True, err=True))
        )
    return read_key_file(path, project=project, passphrase=passphrase)


def _load(folder: Path) -> Project:
    from features.declarations.project import load_project

    return load_project(folder)
