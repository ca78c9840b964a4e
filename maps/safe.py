"""The one boundary at which text from data is escaped: HTML text, HTML attributes, and JSON inside a script element."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

# C0 and C1 controls but tab and newline have no place in a page; a NUL is even a parse error.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
# Element() of branca compiles the text that it is given as a Jinja template, so its opening marks are escaped too. Outside of
# strings JSON never has them: after "{" comes '"' or "}".
_JSON_ESCAPES = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
    "{{": "\\u007b\\u007b",
    "{%": "\\u007b%",
    "{#": "\\u007b#",
}


def clean_text(value: object) -> str:
    r"""Return the text of a value without control characters; half surrogates become U+FFFD, None becomes the empty text.

    Examples
    --------
    >>> clean_text("Via\x00 Strozzi")
    'Via Strozzi'
    """
    text = "" if value is None else str(value)
    return _SURROGATES.sub("\ufffd", _CONTROLS.sub("", text))


def html_text(value: object) -> str:
    """Return a value as text between two tags.

    Examples
    --------
    >>> html_text("<b>{{ 7 * 7 }}</b>")
    '&lt;b&gt;&#123;&#123; 7 * 7 &#125;&#125;&lt;/b&gt;'
    """
    return html.escape(clean_text(value), quote=False).replace("{", "&#123;").replace("}", "&#125;")


def html_attribute(value: object) -> str:
    """Return a value as the content of an attribute in double or single quotes.

    Examples
    --------
    >>> html_attribute('" onload="x')
    '&quot; onload=&quot;x'
    """
    return html_text(value).replace('"', "&quot;").replace("'", "&#x27;").replace("`", "&#x60;")


def script_json(value: object) -> str:
    r"""Return a value as JSON that may stand inside a script element; NaN, NaT, NA and infinities become null.

    Parameters
    ----------
    value
        Mappings with text keys, sequences, arrays, texts, numbers, booleans and None, nested as one likes.

    Returns
    -------
    The JSON text without line breaks. It holds none of ``<``, ``>``, ``&``, U+2028, U+2029, and no opening mark of a Jinja
    template.

    Examples
    --------
    >>> script_json({"name": "</script>", "minutes": float("nan")})
    '{"name":"\\u003c/script\\u003e","minutes":null}'
    """
    text = json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for mark, escaped in _JSON_ESCAPES.items():
        text = text.replace(mark, escaped)
    return text


def hash_script(script: str) -> str:
    """Return how a content security policy names a script that may run."""
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def _plain(value: object) -> object:
    if isinstance(value, str):
        return clean_text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return {clean_text(key): _plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value.tolist()]
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return _plain_scalar(value)


def _plain_scalar(value: object) -> object:
    if value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, bool | int) else clean_text(value)
