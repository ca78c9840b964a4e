"""What a page carries with it: Leaflet, as the django-leaflet distribution ships it, and the page's own styles and scripts.

Nothing of django-leaflet is imported (it needs Django); its files are read where they were installed.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata, resources
from pathlib import Path

from data.errors import FileError

DISTRIBUTION = "django-leaflet"
_FOLDER = "leaflet/static/leaflet"
_URL = re.compile(r"url\((images/[\w.@-]+)\)")
_VERSION = re.compile(r"Leaflet (\d+\.\d+\.\d+)")
_SOURCE_MAP = re.compile(r"\n?//# sourceMappingURL=\S+\s*$")
_ICON_IMAGES = {"iconUrl": "marker-icon.png", "iconRetinaUrl": "marker-icon-2x.png", "shadowUrl": "marker-shadow.png"}
SCRIPTS = (
    "core.js",
    "worth.js",
    "curve.js",
    "views.js",
    "cells.js",
    "quarters.js",
    "areas.js",
    "served.js",
    "lines.js",
    "swipe.js",
    "labels.js",
    "sites.js",
    "card.js",
    "legend.js",
    "controls.js",
    "overlays.js",
    "search.js",
    "link.js",
    "panel.js",
    "page.js",
)
STYLES = ("styles.css", "map.css", "study.css", "print.css")


@dataclass(frozen=True)
class Leaflet:
    """Leaflet ready to stand inside a page.

    Parameters
    ----------
    version
        Such as ``1.9.3``.
    script
        The minified script with its licence comment, the line that names its source map left out.
    styles
        The style sheet, its images as ``data:`` URLs.
    icon_urls
        The images of Leaflet's default marker as ``data:`` URLs, under the names of its options.
    """

    version: str
    script: str
    styles: str
    icon_urls: dict[str, str]


@lru_cache(maxsize=1)
def read_leaflet() -> Leaflet:
    """Return Leaflet from the installed distribution.

    Raises
    ------
    FileError
        If the distribution or one of its files is not there, or the script does not say which version it is.
    """
    script = _SOURCE_MAP.sub("\n", _read_asset("leaflet.js").decode("utf-8"))
    found = _VERSION.search(script[:400])
    if found is None:
        raise FileError("the file does not name its version", where="leaflet.js", remedy=f"Install {DISTRIBUTION} again")
    styles = _URL.sub(lambda match: f"url({_image_url(match[1])})", _read_asset("leaflet.css").decode("utf-8"))
    icon_urls = {option: _image_url(f"images/{name}") for option, name in _ICON_IMAGES.items()}
    return Leaflet(version=found[1], script=script, styles=styles, icon_urls=icon_urls)


def read_template(name: str) -> str:
    """Return one of the page's own files, with line feeds only (a hash of a script counts them)."""
    return resources.files("maps").joinpath("templates", name).read_text(encoding="utf-8").replace("\r\n", "\n")


def page_script() -> str:
    """Return the page's own script: its parts, one after the other."""
    return "\n".join(read_template(name) for name in SCRIPTS)


def page_styles() -> str:
    """Return the page's own style sheet: its parts, one after the other."""
    return "\n".join(read_template(name) for name in STYLES)


def _read_asset(name: str) -> bytes:
    try:
        path = Path(str(metadata.distribution(DISTRIBUTION).locate_file(f"{_FOLDER}/{name}")))
        return path.read_bytes()
    except (metadata.PackageNotFoundError, OSError) as error:
        remedy = f"Install {DISTRIBUTION}, which carries Leaflet's files"
        raise FileError("a file of Leaflet is not there", where=name, remedy=remedy) from error


def _image_url(name: str) -> str:
    return "data:image/png;base64," + base64.b64encode(_read_asset(name)).decode("ascii")
