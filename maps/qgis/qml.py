"""QML, the style files of QGIS: rules, symbols and labels as one XML text, the same for the same style.

Written as QGIS 3.22 and later do: options of a symbol layer stand in an ``Option`` map. QML has no schema; what is written here
is what `QgsRuleBasedRenderer`, `QgsSymbolLayerUtils` and `QgsVectorLayerSimpleLabeling` read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as ET

from maps.safe import clean_text

VERSION = "3.22.0"
"""The oldest version of QGIS that styles are written for; later ones read them too."""
DOCTYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
CATEGORIES = "Symbology|Labeling|Rendering"
_CODES = {"marker": "0", "line": "1", "fill": "2"}  # Qgis::GeometryType

SymbolKind = Literal["fill", "line", "marker"]


@dataclass(frozen=True)
class Part:
    """One layer of a symbol.

    Parameters
    ----------
    name
        The class of QGIS: ``SimpleFill``, ``SimpleLine``, ``SimpleMarker``.
    options
        Its options as QGIS names them; all values are texts.
    """

    name: str
    options: Mapping[str, str]


@dataclass(frozen=True)
class Symbol:
    """How a feature is drawn: parts from below to above, and how opaque they are together, in [0, 1]."""

    kind: SymbolKind
    parts: tuple[Part, ...]
    alpha: float = 1.0


@dataclass(frozen=True)
class Rule:
    """Which features have a symbol.

    Parameters
    ----------
    label
        What the legend says.
    filter
        Expression of QGIS; empty for all features.
    symbol
        How they are drawn.
    """

    label: str
    filter: str
    symbol: Symbol
    level: int = 0
    """Symbols of a higher level lie above those of a lower one, whichever feature comes first."""


@dataclass(frozen=True)
class Labels:
    """Names of features: which field, how large and dark, from which scale on; a dot of a point stays beside its name."""

    field: str
    size_pt: float = 8.0
    color: str = "#1d2932"
    is_bold: bool = False
    from_scale: int = 0
    beside: bool = False


@dataclass(frozen=True)
class Style:
    """One style of a layer: its rules in the order of the legend, and perhaps labels."""

    name: str
    rules: tuple[Rule, ...]
    labels: Labels | None = None
    min_scale: int = 0
    """Where the denominator of the scale is larger, nothing is drawn; 0 draws always."""


def rgba(color: str, alpha: int = 255) -> str:
    """Return a colour as QGIS writes it.

    Examples
    --------
    >>> rgba("#0a4f8a")
    '10,79,138,255'
    """
    return ",".join(str(int(color[at : at + 2], 16)) for at in (1, 3, 5)) + f",{alpha}"


def quote_field(name: str) -> str:
    """Return the name of a field inside an expression.

    Examples
    --------
    >>> quote_field("minutes_best")
    '"minutes_best"'
    """
    return '"' + name.replace('"', '""') + '"'


def quote_text(value: str) -> str:
    r"""Return a text inside an expression.

    Examples
    --------
    >>> quote_text("Via dell'Orso")
    "'Via dell''Orso'"
    """
    return "'" + clean_text(value).replace("\\", "\\\\").replace("'", "''") + "'"


def write_qml(style: Style) -> str:
    """Return a style as QML."""
    root = ET.Element(
        "qgis",
        {
            "version": VERSION,
            "styleCategories": CATEGORIES,
            "labelsEnabled": "1" if style.labels else "0",
            "hasScaleBasedVisibilityFlag": "1" if style.min_scale else "0",
            "minScale": str(style.min_scale),
            "maxScale": "0",
        },
    )
    levels = "1" if any(rule.level for rule in style.rules) else "0"
    kind = {"type": "RuleRenderer", "symbollevels": levels, "enableorderby": "0", "forceraster": "0"}
    renderer = ET.SubElement(root, "renderer-v2", kind)
    rules = ET.SubElement(renderer, "rules", {"key": "{rules}"})
    symbols = ET.SubElement(renderer, "symbols")
    for number, rule in enumerate(style.rules):
        _add_rule(rules, rule, number)
        _add_symbol(symbols, rule, str(number))
    if style.labels:
        _add_labels(root, style.labels)
    ET.SubElement(root, "blendMode").text = "0"
    ET.SubElement(root, "featureBlendMode").text = "0"
    ET.SubElement(root, "layerGeometryType").text = _CODES[style.rules[0].symbol.kind]
    ET.indent(root, " ")
    return DOCTYPE + ET.tostring(root, encoding="unicode") + "\n"


def _add_rule(rules: ET.Element, rule: Rule, number: int) -> None:
    found = {"key": f"{{rule-{number}}}", "symbol": str(number), "label": clean_text(rule.label)}
    ET.SubElement(rules, "rule", {**found, **({"filter": rule.filter} if rule.filter else {})})


def _add_symbol(symbols: ET.Element, rule: Rule, name: str) -> None:
    symbol = rule.symbol
    found = {"name": name, "type": symbol.kind, "alpha": f"{symbol.alpha:g}", "clip_to_extent": "1", "force_rhr": "0"}
    element = ET.SubElement(symbols, "symbol", found)
    for part in symbol.parts:
        layer = ET.SubElement(element, "layer", {"class": part.name, "enabled": "1", "locked": "0", "pass": str(rule.level)})
        options = ET.SubElement(layer, "Option", {"type": "Map"})
        for key, value in sorted(part.options.items()):
            ET.SubElement(options, "Option", {"name": key, "type": "QString", "value": value})


def _add_labels(root: ET.Element, labels: Labels) -> None:
    labeling = ET.SubElement(root, "labeling", {"type": "simple"})
    settings = ET.SubElement(labeling, "settings", {"calloutType": "simple"})
    text = {
        "fieldName": labels.field,
        "isExpression": "0",
        "fontFamily": "Noto Sans",
        "fontSize": f"{labels.size_pt:g}",
        "fontSizeUnit": "Point",
        "fontWeight": "63" if labels.is_bold else "50",
        "namedStyle": "Bold" if labels.is_bold else "Regular",
        "textColor": rgba(labels.color),
        "textOpacity": "1",
    }
    style = ET.SubElement(settings, "text-style", text)
    halo = {"bufferDraw": "1", "bufferSize": "1", "bufferSizeUnits": "MM", "bufferColor": rgba("#ffffff"), "bufferOpacity": "1"}
    ET.SubElement(style, "text-buffer", halo)
    # 6: on ordered places around a point; 1: over the point inside the polygon
    placement = {"placement": "6" if labels.beside else "1", "dist": "1.5" if labels.beside else "0", "distUnits": "MM"}
    ET.SubElement(settings, "placement", {**placement, "centroidInside": "1", "centroidWhole": "1", "quadOffset": "4"})
    shown = {"drawLabels": "1", "obstacle": "0", "displayAll": "0", "scaleMin": "0", "scaleMax": str(labels.from_scale)}
    ET.SubElement(settings, "rendering", {**shown, "scaleVisibility": "1" if labels.from_scale else "0"})
