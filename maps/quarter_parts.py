"""What all pages of quarters have in common: the document, the switch of languages, the banner of a sample city."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from layers.plan import PlanDocument
from maps.i18n import LANGUAGES, Language, message
from maps.need_text import say
from maps.safe import hash_script, html_attribute, html_text

_NAMES: Mapping[Language, str] = MappingProxyType({"it": "Italiano", "en": "English"})


def render_document(title: str, content: str, *, language: Language, styles: str, script: str = "") -> str:
    """Return a document that fetches nothing and runs its own script alone, or none.

    Parameters
    ----------
    title
        Plain text.
    content
        HTML of the body.
    language
        In which the page opens.
    styles, script
        The page's own.
    """
    scripts = f"script-src {hash_script(script)}; " if script else ""
    policy = f"default-src 'none'; {scripts}style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{html_attribute(policy)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html_text(title)}</title><style>{styles}</style></head><body>{content}"
        f"{f'<script>{script}</script>' if script else ''}</body></html>\n"
    )


def _switches(chosen: Language) -> str:
    return "".join(
        f'<input type="radio" name="language" id="language-{key}" aria-label="{name}"{" checked" if key == chosen else ""}>'
        for key, name in _NAMES.items()
    )


LANGUAGE_SWITCHES: Mapping[Language, str] = MappingProxyType({key: _switches(key) for key in LANGUAGES})
"""The inputs that say which language is shown, by the one in which a page opens."""


def language_buttons() -> str:
    """Return what a pointer switches the language with; keys move between the inputs themselves."""
    labels = "".join(f'<label for="language-{key}" lang="{key}" class="to-{key}">{_NAMES[key]}</label>' for key in LANGUAGES)
    return f'<div class="languages">{labels}</div>'


def render_banner(document: PlanDocument, language: Language) -> str:
    """Return the banner of a sample city; nothing for a real one."""
    return f'<p class="banner">{say(message("sample city, not real data"), language)}</p>' if document.city.is_sample else ""
