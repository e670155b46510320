"""How features are asked for: names that read back, and refusals of what has no meaning."""

from __future__ import annotations

from itertools import product

import pytest

from features.declarations.catalogue import Indicator, Wording
from features.declarations.constraints import Kind
from features.declarations.specs import AGGREGATIONS, FeatureSpec

WORDS = Wording(nb="x", nn="x", en="x")


def indicator(kind: Kind, *features: str) -> Indicator:
    levels = ("home", "foster") if kind is Kind.CATEGORY else ()
    return Indicator(code="care", kind=kind, use="predictor", label=WORDS, levels=levels, features=features)


@pytest.mark.parametrize(("aggregation", "window"), list(product(AGGREGATIONS, ["90d", "ever", "school_year", "term"])))
def test_a_name_reads_back_as_the_same_feature(aggregation: str, window: str) -> None:
    spec = FeatureSpec.parse("absence", f"{aggregation}@{window}")
    assert spec.name == f"absence.{aggregation}@{window}"
    assert FeatureSpec.parse(*spec.name.split(".")) == spec


def test_years_are_days_in_the_name() -> None:
    assert [FeatureSpec.parse("a", f"sum@{text}").name for text in ("1y", "3y", "10y")] == ["a.sum@365d", "a.sum@1095d", "a.sum@3652d"]


@pytest.mark.parametrize("text", ["sum@", "sum@fortnight", "sum@year", "sums@90d", "@90d", "sum@90", "sum@-1d", "sum@0d"])
def test_what_is_no_feature_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        FeatureSpec.parse("absence", text)


def test_only_some_statistics_are_asked_of_one_level() -> None:
    with pytest.raises(ValueError, match="a level can be asked for last, first, share_of_time, not count"):
        FeatureSpec("care", "count", None, "foster")


def test_a_category_has_a_column_for_each_level_where_levels_are_asked() -> None:
    names = [spec.name for spec in indicator(Kind.CATEGORY, "share_of_time@1y", "days_since_change").feature_specs]
    assert names == ["care.share_of_time@365d=home", "care.share_of_time@365d=foster", "care.days_since_change@ever"]


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        (Kind.CATEGORY, "sum@1y"),
        (Kind.CATEGORY, "trend"),
        (Kind.LEVEL, "share_of_time@1y"),
        (Kind.COUNT, "share_of_time@1y"),
        (Kind.AMOUNT, "days_since_change"),
    ],
)
def test_a_statistic_without_meaning_for_the_kind_is_refused(kind: Kind, asked: str) -> None:
    with pytest.raises(ValueError, match=rf"care: .*{asked.partition('@')[0]}"):
        indicator(kind, asked)


@pytest.mark.parametrize("kind", [Kind.FLAG, Kind.CATEGORY])
def test_a_state_has_a_share_of_the_time(kind: Kind) -> None:
    assert indicator(kind, "share_of_time@1y", "days_since_change@1y").feature_specs
