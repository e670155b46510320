"""The stylesheet and typeface: from locked packages, whole, and without a place on the net."""

from __future__ import annotations

import json
import re
from io import BytesIO
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from serving.console.assets import COMPONENTS, DESIGNSYSTEMET, INTER, ROOT, AssetsError, build_assets, clean_lock
from serving.console.papers.typefaces import FACES, PACKAGE, letters_of

TIDLIG = ROOT / "serving" / "console" / "static" / "tidlig.css"


def fake_packages(root: Path) -> Path:
    for name in ("base", *COMPONENTS):
        path = root / DESIGNSYSTEMET / "src" / f"{name}.css"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f".{name}{{}}", encoding="utf-8")
    theme = root / DESIGNSYSTEMET / "theme" / "designsystemet.css"
    theme.parent.mkdir(parents=True)
    theme.write_text("@layer ds.theme.color{}", encoding="utf-8")
    (root / INTER).parent.mkdir(parents=True)
    (root / INTER).write_bytes(b"wOF2 and more")
    (root / PACKAGE).mkdir(parents=True)
    for packed, _ in FACES.values():
        (root / PACKAGE / packed).write_bytes((ROOT / "node_modules" / PACKAGE / packed).read_bytes())
    return root


def test_the_parts_become_one_stylesheet_in_the_published_layers(tmp_path: Path) -> None:
    css, font, *_ = build_assets(fake_packages(tmp_path / "node_modules"), tmp_path / "vendor")
    text = css.read_text(encoding="utf-8")
    assert text.startswith("@layer ds.theme, ds.base, ds.components;")
    assert text.index("ds.theme.color") < text.index("@layer ds.base{.base{}}") < text.index("@layer ds.components{")
    assert font.read_bytes().startswith(b"wOF2")


def test_packages_that_are_not_installed_are_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(AssetsError, match=r"designsystemet\.css is missing\. Run `make install`"):
        build_assets(tmp_path, tmp_path / "vendor")
    assert not (tmp_path / "vendor").exists()


@pytest.mark.parametrize("content", ["@import 'x.css';", "a{background:url(https://elsewhere.example/x.png)}"])
def test_a_part_that_would_load_from_the_net_is_refused(tmp_path: Path, content: str) -> None:
    packages = fake_packages(tmp_path / "node_modules")
    (packages / DESIGNSYSTEMET / "src" / "button.css").write_text(content, encoding="utf-8")
    with pytest.raises(AssetsError, match="would load something from the net"):
        build_assets(packages, tmp_path / "vendor")


def test_a_file_that_is_no_font_is_refused(tmp_path: Path) -> None:
    packages = fake_packages(tmp_path / "node_modules")
    (packages / INTER).write_bytes(b"<html>")
    with pytest.raises(AssetsError, match="not a WOFF2 font"):
        build_assets(packages, tmp_path / "vendor")


def test_the_papers_typefaces_are_unpacked_with_the_letters_of_norway_and_sapmi(tmp_path: Path) -> None:
    packages = fake_packages(tmp_path / "node_modules")
    built = build_assets(packages, tmp_path / "vendor")[2:]
    assert {path.name for path in built} == set(FACES)
    again = build_assets(packages, tmp_path / "again")[2:]
    assert [path.read_bytes() for path in built] == [path.read_bytes() for path in again], "the same package, the same bytes"
    assert set(map(ord, "æøåÆØÅáčđŋšŧžÁČĐŊŠŦŽéüö«»–…")) <= letters_of(tmp_path / "vendor")
    names = [TTFont(BytesIO(path.read_bytes()))["name"] for path in built]
    families = {str(name.getDebugName(16) or name.getDebugName(1)).removesuffix(" SemiBold") for name in names}
    assert families == {"Inter", "Inter Latin"}, "one family for each part of the alphabet, in two weights"


def test_a_papers_typeface_that_is_no_font_is_refused(tmp_path: Path) -> None:
    packages = fake_packages(tmp_path / "node_modules")
    (packages / PACKAGE / "inter-latin-400-normal.woff").write_bytes(b"<html>")
    with pytest.raises(AssetsError, match="not a WOFF font"):
        build_assets(packages, tmp_path / "vendor")


def test_the_lock_names_no_place_on_the_net_and_hashes_everything(tmp_path: Path) -> None:
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    assert "http" not in text
    packages = {name: package for name, package in json.loads(text)["packages"].items() if name}
    assert packages
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())


def test_cleaning_a_lock_takes_the_sponsors_out(tmp_path: Path) -> None:
    path = tmp_path / "package-lock.json"
    path.write_text(json.dumps({"packages": {"": {}, "node_modules/x": {"version": "1", "funding": {"url": "https://x.example"}}}}))
    assert clean_lock(path) == 1
    assert json.loads(path.read_text())["packages"] == {"": {}, "node_modules/x": {"version": "1"}}


@pytest.mark.requirement("R-18")
def test_the_theme_has_one_accent_and_no_red_or_green() -> None:
    css = TIDLIG.read_text(encoding="utf-8")
    for hue, saturation, colour in map(_hue, re.findall(r"#([0-9a-f]{6})\b", css)):
        is_paper_or_ink = saturation < 0.25 or hue is None
        assert is_paper_or_ink or 15 <= hue <= 60 or 290 <= hue <= 330, f"#{colour} is neither paper, ink nor the accent"


def _hue(colour: str) -> tuple[float | None, float, str]:
    import colorsys

    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (0, 2, 4))
    hue, saturation, value = colorsys.rgb_to_hsv(r, g, b)
    return (None if value in (0.0, 1.0) and saturation == 0 else hue * 360, saturation, colour)
