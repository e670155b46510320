"""Names of groups and attributes as a report gives them, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from serving.console.language import Tongue

NOT_RECORDED = "(not recorded)"


@dataclass(frozen=True)
class Naming:
    """What a report calls its attributes and groups; a name that it lacks stands as it is."""

    content: Mapping[str, Any]
    t: Tongue

    def attribute(self, name: str) -> str:
        """Name an attribute, such as *Kjønn*."""
        return self._in_words(self.content["attributes"].get(name), name)

    def attributes(self, names: Sequence[str]) -> str:
        """Name attributes that cross."""
        return " × ".join(self.attribute(name) for name in names)

    def group(self, attribute: str, group: str) -> str:
        """Name a group of an attribute."""
        if group == NOT_RECORDED:
            return self.t("month.not_recorded")
        return self._in_words(self.content["group_names"].get(attribute, {}).get(group), group)

    def members(self, attributes: Sequence[str], members: Sequence[str]) -> str:
        """Name a group that attributes make together."""
        return " × ".join(self.group(attribute, member) for attribute, member in zip(attributes, members, strict=True))

    def label(self, told: Mapping[str, str] | None, otherwise: str) -> str:
        """Give a label of the report, such as a feature's."""
        return self._in_words(told, otherwise)

    def _in_words(self, told: Mapping[str, str] | None, otherwise: str) -> str:
        return otherwise if told is None else told.get(self.t.language) or told.get("nb") or otherwise
