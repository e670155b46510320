"""A model's entry in an algorithm register, after a public standard.

The Algorithmic Transparency Standard, version 0.3.1 (draft): made by Dutch authorities and taken over by nine cities through Eurocities
(https://www.algorithmregister.org/standard; schema at https://standaard.algoritmeregister.org). Transcribed here are the attributes, which
of them are required, their types and their lists of values, from `_data/schema-v0_3_1.yaml` of github.com/Algoritmeregister/standard,
commit 0651b897, read on 2026-11-22. Norway has no standard of its own that we know of [to verify]; this one is public, has English values,
and asks for what R-35 asks for.

What a project does not declare, such as the outcome of its DPIA, is marked ``[to verify]`` in the entry, for the municipality to fill in.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date, timedelta
from importlib import resources
from types import MappingProxyType
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from features.errors import DataError

VERSION = "0.3.1"
TO_VERIFY = "[to verify]"

_TEXT = (
    *("lang", "name", "organization", "department", "country", "description_short", "decision_making_process", "area", "goal", "impact"),
    *("risks", "proportionality", "lawful_basis", "training_data", "source_data", "connected_data_sources", "monitoring"),
    *("human_intervention", "objection_procedure"),
)
_DATES = ("publication_date", "last_change_date", "revision_date")
ENUMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "standard_version": (VERSION,),
        "status": ("planned", "design", "development", "pilot", "evaluation", "operational", "retired"),
        "domain": (
            *("taxes", "housing, living and living environment", "culture, sports and leisure", "defence", "economy and entrepreneurship"),
            *("family, youth and households", "finance", "generic", "health and health care", "immigration and integration"),
            *("international collaboration and development aid", "agriculture, nature and food", "environment, spacial planning and water"),
            *("education and science", "public safety", "government", "justice", "travel, living and working abroad"),
            *("subsidies, benefits and allowances", "traffic and transportation", "work and career"),
        ),
        "risk_category": ("minimal risk", "limited risk", "high risk", "unacceptable"),
        "algorithm_type": ("self-learning", "rule-based", "hybrid"),
        "type": ("descriptive", "diagnostic", "predictive", "prescriptive"),
    }
)
REQUIRED = frozenset({*_TEXT, *_DATES, *ENUMS, "contact_email"})
OPTIONAL = frozenset(
    {
        *("uuid", "revision_note", "keywords", "contact_phone", "contact_name", "website", "remark", "documentation", "data_bias"),
        *("DPIA_description", "DPIA_url", "description", "methods_and_models", "performance", "alternatives_considered"),
        *("product_information", "codebase_url", "product_page", "AIA_description", "AIA_url", "rollback"),
    }
)
MOST_CHARACTERS_SHORT = 150
CHARACTERS_OF_DESCRIPTION = (500, 10_000)

_EMAIL = re.compile(r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$")
_URLS = ("website", "documentation", "DPIA_url", "product_information", "codebase_url", "product_page", "AIA_url")


def check_registration(entry: Mapping[str, Any]) -> None:
    """Refuse an entry that the standard would not take.

    Raises
    ------
    DataError
        TID499 naming every attribute that is missing, unknown, empty, of another form or not in its list.
    """
    problems = [f"{name} is missing" for name in sorted(REQUIRED - set(entry))]
    problems += [f"{name} is no attribute" for name in sorted(set(entry) - REQUIRED - OPTIONAL)]
    problems += [problem for name, value in entry.items() if (problem := _find_problem(name, value)) is not None]
    if problems:
        raise DataError("TID499", f"the algorithm register's entry does not fit standard {VERSION}: {'; '.join(problems)}.")


def _find_problem(name: str, value: object) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return f"{name} is no text"
    if name in ENUMS and value not in ENUMS[name]:
        return f"{name} is none of {', '.join(ENUMS[name])}"
    if name == "contact_email" and not _EMAIL.match(value):
        return f"{name} is no e-mail address"
    if name in _URLS and not re.match(r"^https?://", value):
        return f"{name} is no address that begins with http:// or https://"
    if name == "description_short" and len(value) > MOST_CHARACTERS_SHORT:
        return f"{name} has {len(value)} characters, at most {MOST_CHARACTERS_SHORT}"
    if name == "description" and not CHARACTERS_OF_DESCRIPTION[0] <= len(value) <= CHARACTERS_OF_DESCRIPTION[1]:
        return f"{name} has {len(value)} characters, expected {CHARACTERS_OF_DESCRIPTION[0]} to {CHARACTERS_OF_DESCRIPTION[1]}"
    return _unreadable(name, value)


def _unreadable(name: str, value: str) -> str | None:
    try:
        if name in _DATES:
            date.fromisoformat(value)
        if name == "uuid":
            UUID(value)
    except ValueError:
        return f"{name} is not of its form"
    return None


def build_registration(
    public: Mapping[str, Any], model: Mapping[str, Any], *, department: str, published_on: date, changed_on: date
) -> dict[str, str]:
    """Fill in the entry of one model that serves, in English.

    Parameters
    ----------
    public, model
        Content of the public page, and the model's part of it (`monitoring.public.content`).
    department
        Who uses the model.
    published_on, changed_on
        Days of the first publication and of the last change.
    """
    values = {
        **_of_project(public),
        **_of_model(model),
        "department": department,
        "published_on": published_on.isoformat(),
        "changed_on": changed_on.isoformat(),
        "revision": _revision(public, changed_on).isoformat(),
        "uuid": str(uuid5(NAMESPACE_URL, f"tidlig:{public['project']}:{model['model']}")),
    }
    text = resources.files("monitoring").joinpath("templates", "register.en.toml").read_text(encoding="utf-8")
    return {name: str(said).format_map(values) for name, said in tomllib.loads(text).items()}


def _of_project(public: Mapping[str, Any]) -> dict[str, str]:
    purposes = public["purposes"]
    return {
        "standard_version": VERSION,
        "controller": public["controller"],
        "contact": public["contact"],
        "status": "development" if public["synthetic"] else "operational",
        "area": ", ".join(one["name"] for one in public["municipalities"]) or f"{public['controller']} {TO_VERIFY}",
        "score_basis": purposes["score"]["legal_basis"],
        "bases": "; ".join(f"{kind}: {one['legal_basis']}" for kind, one in purposes.items()),
    }


def _of_model(model: Mapping[str, Any]) -> dict[str, str]:
    return {
        "outcome": model["outcome"]["en"],
        "stage": model["stage"]["en"],
        "rung": model["rung"],
        "algorithm_type": "rule-based" if model["rung"] == "rules" else "self-learning",
        "lower": str(model["thresholds"]["worth_a_look"]),
        "upper": str(model["thresholds"]["should_be_assessed"]),
        "sectors": ", ".join(one["sector"] for one in model["data"]) or "none",
        "data": "; ".join(f"{one['sector']}: {', '.join(label['en'] for label in one['indicators'])}" for one in model["data"]) or "none",
        "performance": _performance(model),
    }


def _revision(public: Mapping[str, Any], changed_on: date) -> date:
    """A year on, or before the first of the purposes ends."""
    return min(changed_on + timedelta(days=365), *(date.fromisoformat(one["valid_to"]) for one in public["purposes"].values()))


def _performance(model: Mapping[str, Any]) -> str:
    newest = model["newest"]
    if newest is None:
        return "No monthly report yet."
    came = None if newest["matured"] is None else newest["matured"]["ppv"]
    said = newest["expected"]["ppv"] if came is None or came["point"] is None else came
    if said["point"] is None:
        return f"Report of {newest['month']}: too few people to be told."
    what = "expected to have" if said is newest["expected"]["ppv"] else "had"
    share = f"{said['point']:.0%} (95% interval {said['low']:.0%} to {said['high']:.0%})"
    return f"Report of {newest['month']}: of those proposed, {share} {what} the outcome."
