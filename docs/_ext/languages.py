"""Each page knows where it stands in the other language, and the search splits Chinese into words."""

from __future__ import annotations

import logging

import jieba
from sphinx.application import Sphinx


def _other_language(
    app: Sphinx, pagename: str, _template: str, context: dict[str, object], _doctree: object
) -> None:
    here = app.builder.get_target_uri(pagename)
    # The Chinese site lies in the folder zh/ of the English one.
    other = f"zh/{here}" if app.config.language == "en" else f"../{here}"
    context["other_language"] = other


def setup(app: Sphinx) -> dict[str, object]:
    jieba.setLogLevel(logging.WARNING)
    app.connect("html-page-context", _other_language)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
