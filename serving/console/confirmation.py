"""What cannot be undone is confirmed in words: the case's reference, typed, and a tick beside what is lost."""

from __future__ import annotations

from collections.abc import Mapping

from serving.console.forms import Draft, Filled
from serving.console.language import Tongue

YES = "yes"


def read_confirmation(reference: str, understood: str, *, expected: str, t: Tongue) -> Filled[Mapping[str, str]]:
    """Read a confirmation; capitals and spaces around the reference do not count, another case's reference does.

    Parameters
    ----------
    expected
        Reference of the case that the step is about.
    """
    values = {"reference": reference.strip(), "understood": understood}
    errors = {}
    if values["reference"].upper() != expected.upper():
        errors["reference"] = t("problem.erase_reference", reference=expected)
    if understood != YES:
        errors["understood"] = t("problem.erase_understood")
    return Filled(Draft(values, errors), None if errors else values)
