"""The one command.

Mounts each package's commands and imports a package only when one of its commands runs. This is the edge: environment, clock and exit
status are decided here and in the packages' `commands.py`, nowhere below.
"""

from __future__ import annotations

import importlib
import os
import sys

import click
import typer

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
    "demo": ("demo", "Make a synthetic project, run everything once and serve it."),
}
"""Command -> module that holds it, and the line that `tidlig --help` shows without importing that module."""


class LazyCommands(click.Group):
    """Knows the names of all commands; imports the module of the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Name the commands in the order of the work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module and take the command from its Typer app."""
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        group = typer.main.get_command(importlib.import_module(module).app)
        if not isinstance(group, click.Group):
            return group
        command = group.get_command(ctx, cmd_name)
        if command is None:
            raise RuntimeError(f"{module} has no command {cmd_name!r}, though tidlig.COMMANDS says so")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List names and one-line descriptions without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


cli = LazyCommands(
    name="tidlig",
    help="Early identification of young people who may need support. A model proposes; a person looks, decides and owns the decision.\n\n"
    "Exit status: 0 done, 2 usage, 3 project, 4 purpose, 5 intake, 6 data, 7 model, 8 gate, 9 review, 10 ledger.",
    no_args_is_help=True,
)


def main() -> None:
    """Run the command line; an error that a user can mend is one line and its own exit status."""
    try:
        cli(prog_name="tidlig")
    except ScreeningError as error:
        typer.secho(str(error), fg=typer.colors.RED, err=True)
        sys.exit(error.exit_status)


if __name__ == "__main__":
    main()
