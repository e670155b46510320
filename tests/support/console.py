"""A running service with its console, a model that serves and a monthly report: what a person finds after the first month."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from starlette.testclient import TestClient

from features.declarations.project import Project
from features.findings import Finding
from models.bundle import Bundle, load_bundle, save_bundle
from models.card import CapacityRow, CapacitySpan, LadderRow, ModelCard
from models.card_curves import BenefitPoint, CapacityCurve, CapacityPoint, CardCurves, LeadSpan, Mover, ReliabilityPoint
from models.deployment import bundle_folder
from models.intervals import Interval
from models.rungs.boosted import BoostedRung
from serving.console.routes import mount
from serving.demo.accounts import create_demo_accounts
from tests.support.bundles import build_bundle
from tests.support.promotions import let_serve
from tests.support.review import Review, review_service

MODEL = "tiny-not_completed-grade_10"


@dataclass
class Reader:
    """Somebody at a browser without JavaScript: follows redirects, sends forms as the page holds them."""

    client: TestClient

    def open(self, path: str) -> str:
        """Open a page that is there."""
        answer = self.client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        return str(answer.text)

    def send(self, page: str, action: str, **fields: object) -> tuple[int, str]:
        """Send the form of a page with this action, its hidden fields included; give the status and the page that follows."""
        form = re.search(rf'<form method="post" action="{action}".*?</form>', page, re.S)
        assert form is not None, f"no form that leads to {action}"
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[0]))
        answer = self.client.post(action, data={**hidden, **fields})
        return answer.status_code, answer.text

    def log_in(self, login: str) -> str:
        """Log in with a demo account, through the form; give the page where the role starts."""
        role = re.sub(r"-[0-9]+$", "", login)
        status, page = self.send(self.open("/login"), "/login", login=login, password=f"demo-{role}")
        assert status == 200, status
        return page


def reader(review: Review, login: str | None = None, *, language: str = "nb") -> Reader:
    """Sit somebody down, logged in or not."""
    found = Reader(TestClient(review.app, base_url="https://testserver", headers={"Accept-Language": language}))
    if login is not None:
        found.log_in(login)
    return found


@contextmanager
def console_service(folder: Path) -> Iterator[Review]:
    """Start the service with its console on a tiny project."""
    with review_service(folder) as review:
        mount(review.app)
        create_demo_accounts(review.database, review.project, settings=review.settings, now=review.clock())
        deploy_model(review.project)
        write_report(review.project)
        yield review


def deploy_model(project: Project) -> None:
    """Let a small boosted model with a whole card serve."""
    bundle = replace(build_bundle(BoostedRung, n=400), card=_card(), contract_hash=project.contract_hash)
    assert bundle.name == MODEL
    let_serve(project, bundle)


def place_challenger(project: Project, *, version: str = "2", data: Literal["synthetic", "real"] = "synthetic", **card: Any) -> Bundle:
    """Put a version beside the one that serves; `card` changes its card."""
    whole = replace(_card(), is_synthetic=data == "synthetic", curves=whole_curves(), **card)
    bundle = replace(build_bundle(BoostedRung, n=400, data=data), card=whole, contract_hash=project.contract_hash)
    folder = bundle_folder(project, MODEL, version)
    folder.parent.mkdir(parents=True, exist_ok=True)
    save_bundle(bundle, folder)
    return load_bundle(folder)


def whole_curves() -> CardCurves:
    """Give a card's curves, with a gap in each that may have one."""
    shares = (0.05, 0.1, 0.2, 0.4)
    capacity = [
        CapacityPoint(share, Interval(0.6 - share, 0.5 - share, 0.7 - share), Interval(2 * share, share, 2.2 * share)) for share in shares
    ]
    thresholds = (0.1, 0.2, 0.3)
    everybody = {threshold: (0.2 - threshold) / (1 - threshold) for threshold in thresholds}
    return CardCurves(
        reliability=(
            ReliabilityPoint(120, 0.08, Interval(0.1, 0.05, 0.16)),
            ReliabilityPoint(80, 0.45, Interval(0.4, 0.3, 0.51)),
        ),
        benefit=tuple(BenefitPoint(one, _benefits(one, value), is_useful=one > 0.1) for one, value in everybody.items()),
        capacity=CapacityCurve(0.15, 400, Interval(0.2, 0.17, 0.23), (CapacityPoint(0.01, None, None), *capacity)),
        lead_time=(LeadSpan((0, 12), 38, Interval(0.34, 0.18, 0.5), Interval(0.77, 0.7, 0.84)), LeadSpan((12, None), 10, None, None)),
        indicators=(Mover("edu_absence_days", 60), Mover(None, 40)),
        sectors=(Mover("education", 90), Mover("labour", 10)),
        n_explained=400,
    )


def _benefits(threshold: float, everybody: float) -> dict[str, Interval | None]:
    model = None if threshold == 0.2 else Interval(0.12, 0.08, 0.16)
    return {"boosted": model, "everybody": Interval(everybody, everybody - 0.02, everybody + 0.02)}


def write_report(project: Project) -> None:
    """Write the parts of a monthly report that the console reads."""
    folder = project.var / "reports" / MODEL / "2026-10"
    folder.mkdir(parents=True)
    stage, outcome = project.stages["grade_10"], project.outcomes["not_completed"]
    content = {
        "outcome": outcome.label.model_dump(exclude={"draft"}),
        "stage": stage.label.model_dump(exclude={"draft"}),
        "suspended_by": ["S-05"],
        "signals": [
            Finding("S-01", "The people look like those the model learnt from", "PASSED", {"n_drifted": 0}).as_dict(),
            Finding("S-05", "The model is calibrated in every group", "FAILED", {"groups": "girl"}).as_dict(),
        ],
    }
    (folder / "report.json").write_text(json.dumps(content), encoding="utf-8")
    (folder / "report.html").write_text("<!doctype html><title>Report</title>", encoding="utf-8")


def _card() -> ModelCard:
    ladder = {name: _interval(0.1) for name in ("auc", "average_precision", "precision_at_capacity", "recall_at_capacity")}
    return ModelCard(
        title="Tiny",
        purpose="Proposes pupils whose path may need support.",
        outcome="not_completed",
        stage="grade_10",
        is_synthetic=True,
        data={"rows": 400},
        ladder=(LadderRow("prevalence", ladder), LadderRow("boosted", ladder, is_chosen=True)),
        choice="The boosted rung finds more people at capacity.",
        capacity=(CapacityRow(0.05, 0.7, 0.2), CapacityRow(0.15, 0.5, 0.4)),
        capacity_spans=(CapacitySpan(0.05, Interval(0.7, 0.62, 0.77), Interval(0.2, 0.15, 0.26)),),
        gates=(
            Finding("G-01", "Not too good to be true", "PASSED", {"auc": 0.8}),
            Finding("G-02", "No column that knows the future", "NOT_APPLICABLE", {"reason": "no leak check ran on this table"}),
        ),
        remarks=("Invented people.",),
        curves=whole_curves(),
    )


def _interval(half: float) -> Interval:
    return Interval(0.6, 0.6 - half, 0.6 + half)
