"""What a project declares about watching its models: thresholds of signals, who answers, and where events go (R-30, R-41)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from features.declarations.catalogue import Code, Strict
from features.roles import Responsible

EventKind = Literal["report_written", "signal_failed", "incident_opened", "incident_overdue", "report_signed"]

LOCALHOST = frozenset({"localhost", "127.0.0.1", "::1"})


class Thresholds(Strict):
    """When signals of the monthly report fail. The house's own hold where nothing is declared.

    A project may be stricter. Where its limits let it be looser, every report says which thresholds are. The bounds by group (R-12) can
    not be loosened at all.
    """

    min_people: int = Field(default=20, ge=10, le=200)
    """Fewer people, or reviews, than this answer nothing about change or agreement (S-01 to S-03, S-07)."""
    suspending_importance: float = Field(default=0.5, ge=0.05, le=0.8)
    """S-01 suspends when features that carry this share of what the model says have changed."""
    material_score_distance: float = Field(default=0.1, ge=0.02, le=0.2)
    """S-03: the Kolmogorov-Smirnov distance between scores from which a change matters."""
    calibration_bound: float = Field(default=0.05, ge=0.005, le=0.1)
    """S-04: how far the model's mean may lie from the outcomes' before the whole interval is beyond it."""
    group_calibration_bound: float = Field(default=0.05, ge=0.005, le=0.05)
    """S-05: the same in each group (R-12)."""
    fpr_ratio_low: float = Field(default=0.8, ge=0.8, lt=1)
    """S-06: the lower bound of a group's false proposal rate over the others' (R-12)."""
    fpr_ratio_high: float = Field(default=1.25, gt=1, le=1.25)
    """S-06: the upper bound (R-12)."""
    too_agreeable: float = Field(default=0.9, ge=0.6, le=0.97)
    """S-07: reviewers who agree more often than this, by the lower limit, may no longer judge for themselves."""


HOUSE = Thresholds()
"""What holds where a project declares nothing."""

LOOSER: Mapping[str, Literal["above", "below"]] = {
    "min_people": "above",
    "suspending_importance": "above",
    "material_score_distance": "above",
    "calibration_bound": "above",
    "group_calibration_bound": "above",
    "fpr_ratio_low": "below",
    "fpr_ratio_high": "above",
    "too_agreeable": "above",
}
"""Threshold -> on which side of the house's a project's own lets more pass."""


def is_looser(name: str, value: float) -> bool:
    """Whether a threshold lets more pass than the house's.

    >>> is_looser("calibration_bound", 0.08), is_looser("calibration_bound", 0.05), is_looser("fpr_ratio_low", 0.9)
    (True, False, False)
    """
    house = getattr(HOUSE, name)
    return bool(value > house) if LOOSER[name] == "above" else bool(value < house)


class FileSink(Strict):
    """A file that gets a line of JSON for each event."""

    name: Code
    path: str = Field(min_length=1)
    """In the project folder, or absolute. Never among the reports."""
    events: tuple[EventKind, ...] = ()
    """Which events go there; empty means all."""


class WebhookSink(Strict):
    """An address that gets each event by POST, signed; nothing is sent where none is declared."""

    name: Code
    url: str
    """``https``; ``http`` on this very machine alone. Without a password in it."""
    secret_env: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{2,60}$")]
    """Environment variable that holds the secret of the signature, of 32 characters or more. The secret itself never stands in a file."""
    events: tuple[EventKind, ...] = ()
    """Which events go there; empty means all."""
    ca_file: str | None = None
    """The authority that the receiver's certificate is checked against, as PEM, where it is a municipality's own; else the public ones."""
    timeout_seconds: float = Field(default=10, gt=0, le=30)
    """One attempt, from connecting to the answer's status."""
    attempts: int = Field(default=3, ge=1, le=5)
    """In one run; what did not arrive waits on disk for the next."""

    @field_validator("url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            _ = parts.port
        except ValueError as error:
            raise ValueError("`url` is no address") from error
        if parts.username is not None or parts.password is not None:
            raise ValueError("`url` holds a name or password: the signature's secret comes from the environment, and nothing else is sent")
        if not parts.hostname or parts.fragment:
            raise ValueError("`url` is https://HOST/PATH")
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOCALHOST):
            raise ValueError("`url` begins with https://; http:// reaches this very machine alone")
        return url


class Sinks(Strict):
    """Where events go beside the reports; nowhere unless declared. They hold codes and aggregates, never anything about a person."""

    file: tuple[FileSink, ...] = ()
    webhook: tuple[WebhookSink, ...] = ()

    @model_validator(mode="after")
    def _each_name_once(self) -> Self:
        names = [*(sink.name for sink in self.file), *(sink.name for sink in self.webhook)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"[monitoring.sinks] {', '.join(twice)} stands there twice: what waits for a sink is kept under its name")
        return self


class Monitoring(Strict):
    """How models are watched here (R-30, R-41)."""

    responsible: Responsible = Responsible.MODEL_KEEPER
    """Role that answers for an incident from when it opens; whether a breach is notified is the controller's to decide."""
    thresholds: Thresholds = HOUSE
    sinks: Sinks = Sinks()
