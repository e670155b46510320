"""The model card: what a model is for, what it learnt from, how good it is and where it ends, as data and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from features.findings import Finding
from models.card_curves import CardCurves
from models.intervals import Interval


@dataclass(frozen=True)
class LadderRow:
    """One rung on test data of later periods: metric name -> figure with interval, names as in `models.metrics`."""

    rung: str
    metrics: Mapping[str, Interval]
    is_chosen: bool = False


@dataclass(frozen=True)
class CapacityRow:
    """What reviewing this share of a cohort finds and misses (R-31)."""

    share: float
    precision: float
    recall: float


@dataclass(frozen=True)
class CapacitySpan:
    """How sure a `CapacityRow` of the same share is. A value of its own: what signers sign of the rows stays as it was."""

    share: float
    precision: Interval
    recall: Interval


@dataclass(frozen=True)
class GroupRow:
    """Calibration in one group, or why it can't be said."""

    group: str
    n_people: int | None
    """None: withheld, being few or leading to somebody else's few (R-09)."""
    observed_expected: Interval | None
    remark: str = ""


WHICH_CARD = (
    "This is the technical card that goes with the model: every gate with its evidence, for those who train, sign and run it. The model "
    "card for readers, in Bokmål and English and with places for a person to fill in, is the paper `model-card` of the same run, in the "
    "project's folder below var/reports/papers."
)
CALIBRATION_WORDS = {
    "calibration_difference": "mean probability minus observed rate; 0 is right",
    "observed_expected": "observed divided by expected outcomes; 1 is right, above 1 more came than was said",
    "calibration_slope": "1 is right; below 1 the probabilities are spread too far",
    "calibration_intercept": "on the log-odds; 0 is right, above 0 more came than was said",
    "calibration_index": "mean squared distance from a smooth calibration curve, times 100; 0 is right",
    "brier": "mean squared error; lower is better",
    "brier_reliability": "what recalibrating could save of the Brier score; 0 is right",
    "brier_resolution": "how far the recalibrated rates lie apart; more is better",
}
RAISED_BY_NOISE = ("calibration_index", "brier_reliability", "brier_resolution")
"""As in `models.calibration_draws`, which serving need not load to read a card: their basic interval has to be read otherwise."""
NOISE = (
    "Chance alone raises {names}, never lowers them: part of each estimate is noise. Their intervals therefore take as much away again as "
    "resampling adds (basic bootstrap). Where the upper bound equals the estimate, noise may be most of it, and the true figure is "
    "probably smaller."
)

LIMITS = (
    "Reasons are not causes: they say what moved the model's number, not what would help the person.",
    "The model knows only what was recorded and known on the as-of date. What nobody wrote down, it does not know.",
    "A band is about people with a similar picture, never a statement about one of them.",
    "The model may not be used for control, sanctions, ranking of schools or staff, or any purpose outside USE.md.",
)


@dataclass(frozen=True)
class ModelCard:
    """Everything a reader needs before trusting the model with a queue; aggregates only.

    Notes
    -----
    Mitchell et al. 2019, *Model Cards for Model Reporting*, with the miss table of domain.md 1.10 and the law's wishes.
    """

    title: str
    purpose: str
    outcome: str
    stage: str
    is_synthetic: bool
    data: Mapping[str, str | int | float]
    """Rows, people, periods, prevalence: name -> aggregate."""
    ladder: tuple[LadderRow, ...] = ()
    choice: str = ""
    """Why this rung and not a simpler one (R-15)."""
    capacity: tuple[CapacityRow, ...] = ()
    capacity_spans: tuple[CapacitySpan, ...] = ()
    calibration: Mapping[str, Interval] = field(default_factory=dict)
    groups: tuple[GroupRow, ...] = ()
    gates: tuple[Finding, ...] = ()
    stability: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Model learnt again -> figure -> agreement of its reasons with this model's, 1 where they are the same (R-19)."""
    findings: Mapping[str, str] = field(default_factory=dict)
    """Question -> what the test rows say of it: what scores add, where they are worth using, whether more people would help."""
    remarks: tuple[str, ...] = ()
    """Limits of this very model, beside those of every model."""
    curves: CardCurves = field(default_factory=CardCurves)
    """Figures that a page draws."""

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads; NaN as null."""
        return _plain({**asdict(self), "gates": [gate.as_dict() for gate in self.gates]})  # type: ignore[no-any-return]

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> ModelCard:
        """Read what `to_json` wrote."""
        return cls(
            title=content["title"],
            purpose=content["purpose"],
            outcome=content["outcome"],
            stage=content["stage"],
            is_synthetic=content["is_synthetic"],
            data=content["data"],
            ladder=tuple(LadderRow(r["rung"], _intervals(r["metrics"]), r["is_chosen"]) for r in content["ladder"]),
            choice=content["choice"],
            capacity=tuple(CapacityRow(**{name: _number(value) for name, value in r.items()}) for r in content["capacity"]),
            capacity_spans=tuple(
                CapacitySpan(r["share"], _interval(r["precision"]), _interval(r["recall"])) for r in content.get("capacity_spans", ())
            ),
            calibration=_intervals(content["calibration"]),
            groups=tuple(_group(r) for r in content["groups"]),
            gates=tuple(Finding(**gate) for gate in content["gates"]),
            stability=content.get("stability", {}),
            findings=content.get("findings", {}),
            remarks=tuple(content["remarks"]),
            curves=CardCurves.from_json(content.get("curves", {})),
        )

    def to_markdown(self) -> str:
        """Write the card for people."""
        return "\n".join(line for part in _PARTS for line in part(self)) + "\n"


def _head(card: ModelCard) -> list[str]:
    synthetic = ["> **Synthetic data.** Every person is invented; no figure describes real people.", ""] if card.is_synthetic else []
    return [f"# {card.title}", "", *synthetic, card.purpose, "", f"Outcome: {card.outcome}. Stage: {card.stage}.", "", WHICH_CARD, ""]


def _data(card: ModelCard) -> list[str]:
    return ["## Data", "", *_table(("what", "value"), [(name, _show(value)) for name, value in card.data.items()])]


def _ladder(card: ModelCard) -> list[str]:
    if not card.ladder:
        return []
    names = list(dict.fromkeys(name for row in card.ladder for name in row.metrics))
    rows = [(_rung(row), *(str(row.metrics[name]) if name in row.metrics else "–" for name in names)) for row in card.ladder]
    return [
        "## The ladder",
        "",
        "On later periods than any rung was fitted on; brackets are 95 % intervals, drawn by person.",
        "",
        *_table(("rung", *names), rows),
        *([card.choice, ""] if card.choice else []),
    ]


def _capacity(card: ModelCard) -> list[str]:
    if not card.capacity:
        return []
    spans = {span.share: span for span in card.capacity_spans}
    rows = [(f"{row.share:.0%}", *_found_and_missed(row, spans.get(row.share))) for row in card.capacity]
    text = ["Brackets are 95 % intervals, drawn by person.", ""] if spans else []
    return ["## Found and missed", "", *text, *_table(("reviewed", "rightly proposed", "proposed in vain", "found", "missed"), rows)]


def _found_and_missed(row: CapacityRow, span: CapacitySpan | None) -> Iterator[str]:
    unknown = Interval(float("nan"), float("nan"), float("nan"))
    precision, recall = (unknown, unknown) if span is None else (span.precision, span.recall)
    yield from _with_the_rest(row.precision, precision)
    yield from _with_the_rest(row.recall, recall)


def _with_the_rest(figure: float, interval: Interval) -> tuple[str, str]:
    """A share and what is left of the whole, with their intervals as far as they are known."""
    if interval.low != interval.low:
        return f"{figure:.0%}", f"{1 - figure:.0%}"
    low, high = interval.low, interval.high
    return f"{figure:.0%} [{low:.0%}, {high:.0%}]", f"{1 - figure:.0%} [{1 - high:.0%}, {1 - low:.0%}]"


def _calibration(card: ModelCard) -> list[str]:
    if not card.calibration:
        return []
    rows = [(name, str(value), CALIBRATION_WORDS.get(name, "")) for name, value in card.calibration.items()]
    noisy = [name for name in RAISED_BY_NOISE if name in card.calibration]
    note = [NOISE.format(names=", ".join(noisy)), ""] if noisy else []
    return ["## Calibration", "", *_table(("figure", "value", "what it says"), rows), *note]


def _groups(card: ModelCard) -> list[str]:
    if not card.groups:
        return []
    rows = [
        (
            g.group,
            "withheld" if g.n_people is None else g.n_people,
            "–" if g.observed_expected is None else str(g.observed_expected),
            g.remark,
        )
        for g in card.groups
    ]
    return ["## Groups", "", *_table(("group", "people", "observed : expected", "remark"), rows)]


def _findings(card: ModelCard) -> list[str]:
    return ["## What it is worth", "", *(f"* {text}" for text in card.findings.values()), ""] if card.findings else []


def _movers(card: ModelCard) -> list[str]:
    if not card.curves.indicators:
        return []
    rows = [(mover.name or "all others together", mover.of_100) for mover in card.curves.indicators]
    text = (
        f"Mean size of each indicator's contribution to the log-odds of {card.curves.n_explained} people, as hundredths of all. "
        "A size has no direction, and is no cause."
    )
    return ["## What moves the model", "", text, "", *_table(("indicator", "of 100"), rows)]


def _stability(card: ModelCard) -> list[str]:
    if not card.stability:
        return []
    names = list(dict.fromkeys(name for figures in card.stability.values() for name in figures))
    rows = [(again.replace("_", " "), *(_show(figures[name]) for name in names)) for again, figures in card.stability.items()]
    text = "How far the reasons of the same people agree with those of a model learnt again: 1 is full agreement."
    return ["## Stability of reasons", "", text, "", *_table(("learnt again with", *(name.replace("_", " ") for name in names)), rows)]


def _gates(card: ModelCard) -> list[str]:
    if not card.gates:
        return []
    rows = [(g.code, g.title, g.verdict, ", ".join(f"{name} {_show(value)}" for name, value in g.evidence.items())) for g in card.gates]
    return ["## Gates", "", *_table(("code", "question", "verdict", "evidence"), rows)]


def _limits(card: ModelCard) -> list[str]:
    return ["## Limits", "", *(f"* {limit}" for limit in (*LIMITS, *card.remarks))]


_SHOWN_WITH_DECIMALS = 5e-4
"""Below it three decimals would show a tolerance of 1e-9 as none at all."""
_PARTS = (_head, _data, _ladder, _capacity, _calibration, _groups, _findings, _movers, _stability, _gates, _limits)


def _table(columns: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> list[str]:
    lines: list[tuple[object, ...]] = [columns, ("---",) * len(columns), *rows]
    return [*("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines), ""]


def _rung(row: LadderRow) -> str:
    return f"**{row.rung}** (chosen)" if row.is_chosen else row.rung


def _show(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.1e}" if 0 < abs(value) < _SHOWN_WITH_DECIMALS else f"{value:.3f}"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and value != value else value


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _intervals(content: Mapping[str, Any]) -> dict[str, Interval]:
    return {name: _interval(value) for name, value in content.items()}


def _interval(content: Mapping[str, Any]) -> Interval:
    return Interval(**{name: _number(value) for name, value in content.items()})


def _group(content: Mapping[str, Any]) -> GroupRow:
    figure = content["observed_expected"]
    return GroupRow(content["group"], content["n_people"], None if figure is None else _interval(figure), content["remark"])
