"""Build the console's stylesheet and typefaces from the installed npm packages: ``python -m serving.console.assets``.

`npm ci --ignore-scripts` puts the packages of ``package-lock.json`` into ``node_modules``; this module copies what the pages use into
``serving/console/static/vendor``, which is in the wheel and not in the repository. Nothing is fetched when a page is shown.

``python -m serving.console.assets --clean-lock`` takes the addresses (of sponsors) out of ``package-lock.json`` after ``npm install``
wrote it anew: a lock names packages and hashes, never a place on the net.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from fontTools.ttLib import TTLibError

from serving.console.papers.typefaces import FACES, PACKAGE, unpack_typeface

ROOT = Path(__file__).parents[2]
VENDOR = Path(__file__).parent / "static" / "vendor"

DESIGNSYSTEMET = Path("@digdir/designsystemet-css/dist")
INTER = Path("@fontsource-variable/inter/files/inter-latin-wght-normal.woff2")

COMPONENTS = (
    "button",
    "details",
    "divider",
    "error-summary",
    "field",
    "fieldset",
    "heading",
    "input",
    "label",
    "link",
    "list",
    "paragraph",
    "skip-link",
    "table",
    "tag",
    "validation-message",
)
"""Designsystemet's components that the templates use; the whole stylesheet is three times as large."""

LAYERS = "@layer ds.theme, ds.base, ds.components;"
"""The order in which the published stylesheet layers itself; the console's own rules stand in no layer and so come last."""


class AssetsError(Exception):
    """An npm package is not installed, or is not what the console expects."""


def build_assets(node_modules: Path, vendor: Path) -> list[Path]:
    """Write the stylesheet, the pages' typeface and the papers', and return what was written.

    Raises
    ------
    AssetsError
        When a file is missing, empty or names a place on the net.
    """
    files = {
        "designsystemet.css": build_stylesheet(node_modules / DESIGNSYSTEMET).encode(),
        INTER.name: _read_font(node_modules / INTER),
        **{name: _unpack_font(node_modules / PACKAGE / packed, family) for name, (packed, family) in FACES.items()},
    }
    vendor.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (vendor / name).write_bytes(content)
    return [vendor / name for name in files]


def build_stylesheet(dist: Path) -> str:
    """Put theme, base and the components in use into one stylesheet, in the layers of the published one.

    Raises
    ------
    AssetsError
        When a part is missing or would load something from the net.
    """
    theme = _read_css(dist / "theme" / "designsystemet.css")
    base = _read_css(dist / "src" / "base.css")
    components = "\n".join(_read_css(dist / "src" / f"{name}.css") for name in COMPONENTS)
    return "\n".join((LAYERS, theme, f"@layer ds.base{{{base}}}", f"@layer ds.components{{{components}}}")) + "\n"


def clean_lock(path: Path) -> int:
    """Take sponsors' addresses out of a lock file, and return how many there were."""
    lock = json.loads(path.read_text(encoding="utf-8"))
    found = sum(package.pop("funding", None) is not None for package in lock["packages"].values())
    path.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return found


def _read_css(path: Path) -> str:
    text = _read(path).decode("utf-8")
    # A data: image holds the name of the SVG namespace, percent-encoded; a real address would be plain.
    if "@import" in text or "http://" in text or "https://" in text:
        raise AssetsError(f"{path} would load something from the net. Check the package's version against package-lock.json.")
    return text


def _read_font(path: Path) -> bytes:
    content = _read(path)
    if not content.startswith(b"wOF2"):
        raise AssetsError(f"{path} is not a WOFF2 font. Run `npm ci --ignore-scripts` again.")
    return content


def _unpack_font(path: Path, family: str) -> bytes:
    packed = _read(path)
    try:
        return unpack_typeface(packed, family=family)
    except TTLibError:
        raise AssetsError(f"{path} is not a WOFF font. Run `npm ci --ignore-scripts` again.") from None


def _read(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise AssetsError(f"{path} is missing. Run `make install`, or `npm ci --ignore-scripts` in the folder of package.json.") from None
    if not content:
        raise AssetsError(f"{path} is empty. Run `npm ci --ignore-scripts` again.")
    return content


def main(arguments: Sequence[str]) -> int:
    """Build the assets, or clean the lock; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m serving.console.assets", description="Build the console's stylesheet and typeface.")
    parser.add_argument("--clean-lock", action="store_true", help="take addresses out of package-lock.json instead")
    if parser.parse_args(arguments).clean_lock:
        clean_lock(ROOT / "package-lock.json")
        return 0
    try:
        build_assets(ROOT / "node_modules", VENDOR)
    except AssetsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
