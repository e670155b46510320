"""How sure a served probability is: between which numbers of 100 the outcome came among people with much the same score.

A calibrated probability is one number, and reads as if it were known. What is known is a table: forward predictions cut into cells of
similar scores, and for every cell an interval of the rate from Venn-Abers prediction, which assumes nothing of the calibrator's shape.
The table holds cells, never people, and is what the bundle keeps.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from features.declarations.catalogue import Wording
from features.errors import ModelError
from features.small_cells import SMALLEST_CELL
from models.resampling import drawn_people

Vector: TypeAlias = NDArray[np.float64]

MOST_CELLS = 20
CELL_PEOPLE = 50
"""People a cell is cut for; cells with fewer than five of either outcome are then joined to a neighbour (R-09)."""
MOST_ROWS = 20_000
"""Predictions that the table is learnt from at most: more would narrow no interval that is told in steps of five."""
N_RESAMPLES = 100
LEVEL = 0.95

STEP = 5
NARROWEST = 10
"""An interval is told in steps of 5 of 100, never narrower than 10: closer, it would be a percentage in disguise, and an order (R-18)."""
NARROW, WIDE = 15, 25
"""Widest interval of 100 that is called narrow, and widest that is not yet called wide."""


@dataclass(frozen=True)
class Span:
    """Of 100 people with much the same score, between how many and how many reach the outcome."""

    low: int
    high: int

    @property
    def width(self) -> int:
        """How many of 100 lie between."""
        return self.high - self.low


@dataclass(frozen=True, eq=False)
class RateTable:
    """Intervals of the rate by served log-odds; about cells of people, never about one.

    Attributes
    ----------
    edges
        Served log-odds that part the cells, ascending, shape (n_cells - 1,); a value on an edge belongs above it.
    low, high
        Lower and upper rate of each cell, shape (n_cells,); empty where there was too little to learn from.
    n_people
        Predictions in each cell.

    Notes
    -----
    The served probability is the calibrator's, a line on the log-odds; the interval is read off what came. A cell's interval is widened to
    hold its mean served probability, so that the two never contradict each other: where they disagree, that is uncertainty too.
    """

    edges: Vector
    low: Vector
    high: Vector
    n_people: tuple[int, ...]

    def interval(self, log_odds: Vector) -> tuple[Vector, Vector]:
        """Lower and upper probability at each served log-odds, shape (n_rows,) each; NaN where nothing was learnt."""
        if len(self.low) == 0:
            unknown = np.full(len(log_odds), np.nan)
            return unknown, unknown.copy()
        cell = np.searchsorted(self.edges, log_odds, side="right")
        return self.low[cell], self.high[cell]

    def span(self, log_odds: float) -> Span | None:
        """What may be told of one score: the interval in steps of 5 of 100; None where nothing was learnt."""
        low, high = self.interval(np.array([log_odds]))
        return None if np.isnan(low[0]) else coarse_span(float(low[0]), float(high[0]))

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return {"edges": self.edges.tolist(), "low": self.low.tolist(), "high": self.high.tolist(), "n_people": list(self.n_people)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> RateTable:
        """Read what `to_json` wrote.

        Raises
        ------
        ModelError
            TID516 when cells and edges disagree.
        """
        edges, low, high = (np.array(content[name], dtype=np.float64) for name in ("edges", "low", "high"))
        n_people = tuple(int(n) for n in content["n_people"])
        fits = len(low) == len(high) == len(n_people) and len(edges) == max(0, len(low) - 1)
        if not fits or (np.diff(edges) <= 0).any() or (low > high).any():
            raise ModelError(
                "TID516",
                f"uncertainty.json has {len(edges)} edges, {len(low)} lower and {len(high)} upper rates: expected ascending edges, one "
                "fewer than cells, and no lower rate above its upper one. Restore the bundle, or train again.",
            )
        return cls(edges, low, high, n_people)


UNKNOWN = RateTable(np.empty(0), np.empty(0), np.empty(0), ())
"""A table of nothing: how sure a score is can't be said."""


def fit_rate_table(
    log_odds: Vector, label: Vector, *, groups: NDArray[np.int32], seed: int, n_resamples: int = N_RESAMPLES, most_rows: int = MOST_ROWS
) -> RateTable:
    """Learn intervals of the rate from predictions made forward in time.

    Parameters
    ----------
    log_odds
        Served log-odds of predictions on people that the model was not fitted on, shape (n_rows,).
    label
        What came, 0/1, shape (n_rows,).
    groups
        Rows with the same number are one person, shape (n_rows,).

    Notes
    -----
    Venn-Abers prediction (Vovk and Petej 2014; Vovk, Petej and Fedorova 2015) gives a lower and an upper rate by isotonic regression, once
    with the new person counted as without and once as with the outcome. On thousands of people the two lie close together, whatever the
    cell: they say how much one person may move the rate, not how far it may be off. So the lower one is taken at its 2.5 % and the upper
    one at its 97.5 % quantile over resampled people.
    """
    kept = drawn_people(groups, most_rows=most_rows, seed=seed)
    log_odds, label, groups = log_odds[kept], label[kept], groups[kept]
    edges = _edges(log_odds, label)
    if edges is None:
        return UNKNOWN
    cell = np.searchsorted(edges, log_odds, side="right")
    n_people = np.bincount(cell, minlength=len(edges) + 1)
    served = np.bincount(cell, weights=expit(log_odds), minlength=len(edges) + 1) / n_people
    low, high = _resampled(served[cell], label, groups, served, seed=seed, n_resamples=n_resamples)
    return RateTable(edges, np.minimum(low, served), np.maximum(high, served), tuple(int(n) for n in n_people))


def coarse_span(low: float, high: float) -> Span:
    """Widen an interval of rates to steps of 5 of 100, at least 10 wide.

    >>> coarse_span(0.31, 0.44), coarse_span(0.62, 0.64), coarse_span(0.0, 0.01)
    (Span(low=30, high=45), Span(low=60, high=70), Span(low=0, high=10))
    """
    below, above = STEP * int(np.floor(100 * low / STEP + 1e-9)), STEP * int(np.ceil(100 * high / STEP - 1e-9))
    while above - below < NARROWEST:
        reaches_up = above < 100 and (below <= 0 or 100 * high - (below + above) / 2 >= (below + above) / 2 - 100 * low)
        below, above = (below, above + STEP) if reaches_up else (below - STEP, above)
    return Span(max(0, below), min(100, above))


TEXT = Wording(
    nb="{outcome}, blant dem som ligner mest: mellom {low} og {high} av 100.",
    nn="{outcome}, blant dei som liknar mest: mellom {low} og {high} av 100.",
    en="{outcome}, among those most alike: between {low} and {high} of 100.",
    draft=True,
)
SURENESS: Mapping[str, Wording] = {
    "narrow": Wording(
        nb="Spennet er smalt: modellen har sett mange slike.",
        nn="Spennet er smalt: modellen har sett mange slike.",
        en="The range is narrow: the model has seen many such.",
        draft=True,
    ),
    "middling": Wording(
        nb="Spennet er ikke smalt: tallet kan være et godt stykke fra det riktige.",
        nn="Spennet er ikkje smalt: talet kan vere eit godt stykke frå det rette.",
        en="The range is not narrow: the number may be a good way off.",
        draft=True,
    ),
    "wide": Wording(
        nb="Spennet er bredt: modellen vet lite om slike bilder.",
        nn="Spennet er breitt: modellen veit lite om slike bilete.",
        en="The range is wide: the model knows little of such pictures.",
        draft=True,
    ),
}
UNKNOWN_TEXT = Wording(
    nb="Hvor usikkert dette er, kan ikke sies: det er for få å sammenligne med.",
    nn="Kor usikkert dette er, kan ikkje seiast: det er for få å samanlikne med.",
    en="How sure this is can't be said: there are too few people to compare with.",
    draft=True,
)


def sureness(span: Span) -> str:
    """Name how sure an interval is: narrow, middling or wide.

    >>> sureness(Span(30, 45)), sureness(Span(30, 50)), sureness(Span(20, 60))
    ('narrow', 'middling', 'wide')
    """
    if span.width <= NARROW:
        return "narrow"
    return "middling" if span.width <= WIDE else "wide"


def uncertainty_text(span: Span | None, *, outcome: Wording) -> Wording:
    """Say an interval in words: the outcome's label, a natural frequency between two numbers, and how sure that is."""
    if span is None:
        return UNKNOWN_TEXT
    how = SURENESS[sureness(span)]

    def said(language: str) -> str:
        sentence = str(getattr(TEXT, language)).format(outcome=getattr(outcome, language), low=span.low, high=span.high)
        return f"{sentence} {getattr(how, language)}"

    return Wording(nb=said("nb"), nn=said("nn"), en=said("en"), draft=True)


def _edges(log_odds: Vector, label: Vector) -> Vector | None:
    """Part scores into cells of about equal size, each with at least five people of either outcome; None where none can be."""
    n_cells = int(np.clip(len(log_odds) // CELL_PEOPLE, 1, MOST_CELLS))
    cuts = np.unique(np.quantile(log_odds, np.arange(1, n_cells) / n_cells).round(3))
    while True:
        cell = np.searchsorted(cuts, log_odds, side="right")
        ones = np.bincount(cell, weights=label, minlength=len(cuts) + 1)
        smaller = np.minimum(ones, np.bincount(cell, minlength=len(cuts) + 1) - ones)
        least = int(smaller.argmin())
        if smaller[least] >= SMALLEST_CELL:
            return np.asarray(cuts)
        if len(cuts) == 0:
            return None
        cuts = np.delete(cuts, _shorter_side(least, smaller))


def _shorter_side(cell: int, smaller: Vector) -> int:
    """Cut to take away: the one towards the neighbour with the fewer people of its rarer outcome."""
    if cell == 0:
        return 0
    if cell == len(smaller) - 1 or smaller[cell - 1] <= smaller[cell + 1]:
        return cell - 1
    return cell


def _resampled(
    score: Vector, label: Vector, groups: NDArray[np.int32], cells: Vector, *, seed: int, n_resamples: int
) -> tuple[Vector, Vector]:
    """Quantiles of the Venn-Abers rates of each cell over resampled people; `score` and `cells` are the cells' mean probabilities."""
    people, place = np.unique(groups, return_inverse=True)
    by_person = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[by_person], np.arange(len(people) + 1))
    random = np.random.default_rng(seed)
    draws = []
    for _ in range(n_resamples):
        drawn = random.integers(0, len(people), len(people))
        rows = np.concatenate([by_person[starts[one] : starts[one + 1]] for one in drawn])
        draws.append(_venn_abers(score[rows], label[rows], cells))
    lower, upper = (np.stack([draw[side] for draw in draws]) for side in (0, 1))
    return np.quantile(lower, (1 - LEVEL) / 2, axis=0), np.quantile(upper, (1 + LEVEL) / 2, axis=0)


def _venn_abers(score: Vector, label: Vector, at: Vector) -> tuple[Vector, Vector]:
    """Lower and upper Venn-Abers rate at some scores."""
    # The package turns NumPy's warnings off for the whole process when it is imported; here that ends with the block.
    # Its slopes past the last score are 0 / 0, and left out by it.
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        from venn_abers import VennAbers

        fitted = VennAbers()
        fitted.fit(np.column_stack([1 - score, score]), label)
        _, pair = fitted.predict_proba(np.column_stack([1 - at, at]))
    return np.asarray(pair[:, 0], dtype=np.float64), np.asarray(pair[:, 1], dtype=np.float64)
