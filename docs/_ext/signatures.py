"""What autodoc and viewcode cannot know.

Signatures say what a reader can use: no marker of attrs for a default, no values from the environment of the
build, nothing for a protocol. And viewcode links the source of a module back to one module of the reference
only, so a name that is documented in another one has no source.
"""

from __future__ import annotations

import os

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
    if arguments is None:
        return None
    return arguments.replace("= NOTHING", "= {}").replace(repr(os.environ), "os.environ"), annotation


def _documented_elsewhere(_app: Sphinx, module: str, name: str) -> str | None:
    return module if name.startswith("Encrypter") else None


def setup(app: Sphinx) -> dict[str, object]:
    app.connect("autodoc-process-signature", _shown)
    app.connect("viewcode-follow-imported", _documented_elsewhere)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
