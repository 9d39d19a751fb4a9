"""Signatures say what a reader can use: no marker of attrs for a default, nothing for a protocol."""

from __future__ import annotations

from sphinx.application import Sphinx


def _shown(
    _app: Sphinx,
    _what: str,
    _name: str,
    _object: object,
    _options: object,
    arguments: str | None,
    annotation: str | None,
) -> tuple[str | None, str | None] | None:
    if arguments == "(*args, **kwargs)":
        return "", None
    if arguments is None or "= NOTHING" not in arguments:
        return None
    return arguments.replace("= NOTHING", "= {}"), annotation


def setup(app: Sphinx) -> dict[str, object]:
    app.connect("autodoc-process-signature", _shown)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
