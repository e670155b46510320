"""What a message tells a deployer to declare has to be something that can be declared."""

from __future__ import annotations

import pytest

from features.declarations.catalogue import Source
from features.intake.csv_text import NAMES, SEPARATORS


@pytest.mark.parametrize("separator", SEPARATORS, ids=NAMES.get)
def test_every_separator_that_is_named_can_be_declared(separator: str) -> None:
    source = Source.model_validate({"name": "register", "layout": "events", "files": ["f.csv"], "separator": separator})
    assert source.separator == separator
