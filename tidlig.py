"""The one command.

Mounts each package's commands and imports a package only when one of its commands runs. This is the edge: environment, clock and exit
status are decided here and in the packages' `commands.py`, nowhere below.
"""

from __future__ import annotations

import importlib
import os
import sys

import typer
import typer.core
import typer.main

from features.errors import ScreeningError

os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("features.commands", "Make a project folder from an example."),
    "check": ("features.commands", "Validate the whole plan before spending compute."),
    "synth": ("features.synth.commands", "Make a synthetic population for the project."),
    "ingest": ("features.commands", "Check, pseudonymise and load the project's sources."),
    "features": ("features.engine_commands", "Build point-in-time feature tables."),
    "train": ("training.commands", "Train the ladder, evaluate it forward in time, register the chosen model."),
    "models": ("training.commands", "List, promote and roll back models."),
    "screen": ("serving.commands", "Propose cases for review, within each municipality's capacity."),
    "explain": ("serving.commands", "Explain one person's score; synthetic or public data only."),
    "serve": ("serving.commands", "Serve the API and the console."),
    "monitor": ("monitoring.commands", "Write the monthly reports: drift, fairness, oversight."),
    "audit": ("serving.commands", "Verify the ledgers."),
}
"""Command -> module that holds it, and the line that `tidlig --help` shows without importing that module."""


app = typer.Typer(
    name="tidlig",
    help="Early identification of young people who may need support. A model proposes; a person looks, decides and owns the decision.",
    epilog="Exit status: 0 done, 2 usage, 3 project, 4 purpose, 5 intake, 6 data, 7 model, 8 gate, 9 review, 10 ledger.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _mount(name: str, module: str, text: str) -> None:
    """Register a command that hands its arguments, `--help` too, to the package's own app."""

    @app.command(name, help=text, add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
    def run(ctx: typer.Context) -> None:
        command = typer.main.get_command(importlib.import_module(module).app)
        is_group = isinstance(command, typer.core.TyperGroup)
        command.main(
            args=[name, *ctx.args] if is_group else list(ctx.args),
            prog_name="tidlig" if is_group else f"tidlig {name}",
        )


for _name, (_module, _text) in COMMANDS.items():
    _mount(_name, _module, _text)


def main() -> None:
    """Run the command line; an error that a user can mend is one line and its own exit status."""
    try:
        app(prog_name="tidlig")
    except ScreeningError as error:
        typer.secho(str(error), fg=typer.colors.RED, err=True)
        sys.exit(error.exit_status)


if __name__ == "__main__":
    main()
