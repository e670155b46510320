"""How every page of monitoring is rendered: all is escaped, what is missing is an error, and figures look as the language has them."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from monitoring.wording import Language, decimal, percent, quantity


def template_environment(language: Language) -> Environment:
    """Give what renders a page in a language."""
    environment = Environment(
        loader=PackageLoader("monitoring"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda value, digits=1: percent(value, language=language, digits=digits)
    environment.filters["decimal"] = lambda value, digits=2: decimal(value, language=language, digits=digits)
    environment.filters["quantity"] = lambda value: quantity(value, language=language)
    return environment
