"""A default that attrs makes anew each time is shown as what it makes, not as attrs' own marker."""

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
    if arguments is None or "= NOTHING" not in arguments:
        return None
    return arguments.replace("= NOTHING", "= {}"), annotation


def setup(app: Sphinx) -> dict[str, object]:
    app.connect("autodoc-process-signature", _shown)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
