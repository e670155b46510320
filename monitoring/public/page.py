"""The public page and the register entries on disk, written anew only when something in them has changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from features.declarations.project import Project
from features.errors import DataError, ModelError
from monitoring.files import write_whole
from monitoring.public.content import build_public_content, read_served_models
from monitoring.public.register import build_registration, check_registration
from monitoring.reports.content import page_environment
from monitoring.wording import Language, words

PAGES: Mapping[Language, str] = {"nb": "index.html", "en": "index-en.html"}
CONTENT = "transparency.json"


@dataclass(frozen=True)
class Published:
    """What lies in ``var/public``."""

    folder: Path
    content: Mapping[str, Any]
    is_unchanged: bool
    """Everything said so already: no file was touched."""


def publish_transparency(project: Project, *, contact: str, department: str | None, on: date) -> Published:
    """Write what the public is told of every model that serves: a page in each language, its JSON, and a register entry for each model.

    Parameters
    ----------
    contact
        E-mail address for questions and objections.
    department
        Who uses the models; by default the controller of the screening.

    Raises
    ------
    ModelError
        TID507 no model serves, and all of `models.deployment.deployed_bundle`.
    PurposeError
        TID201, TID202 without a valid purpose of each kind that is published.
    DataError
        TID482 what lies there is not what this wrote, TID499 an entry that the register's standard would not take.
    """
    models = read_served_models(project)
    if not models:
        raise ModelError("TID507", f"no version of any model serves in {project.root}. Train, then `tidlig models promote NAME VERSION`.")
    content = build_public_content(project, models, contact=contact, on=on)
    content["department"] = department or content["purposes"]["score"]["controller"]
    folder = project.var / "public"
    earlier = _find_earlier(folder)
    content["published_on"] = earlier.get("published_on", on.isoformat())
    content["changed_on"] = earlier.get("changed_on") if _says_the_same(earlier, content) else on.isoformat()
    texts = dict(_texts(content))
    if all((folder / name).is_file() and (folder / name).read_text(encoding="utf-8") == text for name, text in texts.items()):
        return Published(folder, content, is_unchanged=True)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_whole(folder / name, text)
    return Published(folder, content, is_unchanged=False)


def _find_earlier(folder: Path) -> dict[str, Any]:
    path = folder / CONTENT
    if not path.is_file():
        return {}
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        date.fromisoformat(found["published_on"]), date.fromisoformat(found["changed_on"])
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            "TID482", f"{path} is not the JSON that monitoring wrote. Remove the folder and run `tidlig transparency` again."
        ) from error
    return found


def _says_the_same(earlier: Mapping[str, Any], content: Mapping[str, Any]) -> bool:
    return {**earlier, "changed_on": None} == {**content, "changed_on": None}


def _texts(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give every file; the JSON comes last, since it says that the others are there."""
    days = {name: date.fromisoformat(content[name]) for name in ("published_on", "changed_on")}
    for model in content["models"]:
        entry = build_registration(content, model, department=content["department"], **days)
        check_registration(entry)
        yield f"register-{model['model']}.json", _json(entry)
    for language, name in PAGES.items():
        yield name, render_public(content, language=language)
    yield CONTENT, _json(content)


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def render_public(content: Mapping[str, Any], *, language: Language) -> str:
    """Render the public page in a language: self-contained, without any link out of its folder."""
    other = {one: name for one, name in PAGES.items() if one != language}
    return page_environment(language).get_template("public.html.j2").render(c=content, w=words(language), lang=language, other=other)
