"""The models that serve, as anybody who logs in may see them: what they are for, how good they are and where they end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from features.declarations.project import Project
from models.bundle import Bundle, model_name
from models.deployment import Champion, deployed_bundle, find_champion


@dataclass(frozen=True)
class ModelLine:
    """A deployed model and its card."""

    name: str
    version: str
    stage: str
    outcome: str
    rung: str
    bundle_hash: str
    promoted_at: datetime
    trained_at: datetime
    features: tuple[str, ...]
    worth_a_look: float
    should_be_assessed: float
    card: dict[str, Any]
    card_markdown: str


def list_models(project: Project) -> list[ModelLine]:
    """List the models that serve, in the order of stages and outcomes in the project."""
    names = [model_name(project.id, o, s.name) for s in project.stages.values() for o in s.outcomes]
    champions = [find_champion(project, name) for name in names]
    return [_line(champion, deployed_bundle(project, champion.name)) for champion in champions if champion is not None]


def _line(champion: Champion, bundle: Bundle) -> ModelLine:
    return ModelLine(
        name=champion.name,
        version=champion.version,
        stage=bundle.stage,
        outcome=bundle.outcome,
        rung=bundle.rung.name,
        bundle_hash=bundle.hash,
        promoted_at=champion.promoted_at,
        trained_at=bundle.provenance.trained_at,
        features=bundle.feature_names,
        worth_a_look=bundle.bands.worth_a_look,
        should_be_assessed=bundle.bands.should_be_assessed,
        card=bundle.card.to_json(),
        card_markdown=bundle.card.to_markdown(),
    )
