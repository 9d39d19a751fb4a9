"""How Sphinx builds the site: in English, and with ``-D language=zh_CN`` in Chinese."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
from pathlib import Path
from zipfile import ZipFile, ZipInfo

from sphinx.application import Sphinx

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS / "_ext"), str(DOCS.parent)]

import skypay_payout  # noqa: E402
from skypay_payout import schema  # noqa: E402
from tests.benchmarks import figures, report  # noqa: E402

project = "skypay-payout"
author = "The skypay-payout maintainers"
version = release = skypay_payout.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
    "sphinx_design",
    "diagrams",
    "languages",
    "links",
    "terminal",
]
exclude_patterns = ["_build", "examples", "locale"]
nitpicky = True
# Names of others: the site is built without a network, so nothing can link them. And names that no page has,
# such as a type variable's.
nitpick_ignore_regex = [
    ("py:.*", r"(collections|datetime|enum|os|typing|hypothesis|sqlalchemy|_pytest)\..*"),
    ("py:.*", r"(.*\.)?_[A-Za-z]\w*(\..*)?|Rule"),
]

myst_enable_extensions = ["colon_fence", "deflist", "substitution"]
myst_heading_anchors = 3
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
toc_object_entries_show_parents = "hide"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 72

locale_dirs = ["locale"]
gettext_compact = False
gettext_location = False
gettext_uuid = False
# The words that a reader searches for, and the comments in code.
gettext_additional_targets = ["index", "literal-block"]

html_theme = "furo"
html_baseurl = os.environ.get("READTHEDOCS_CANONICAL_URL", "https://skypay-payout.readthedocs.io/en/latest/")
pygments_dark_style = "github-dark"
html_title = project
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_context = {
    "repository": "https://github.com/skypay-payout/skypay-payout",
    "is_released": f"[{version}] - not yet released" not in (DOCS.parent / "CHANGELOG.md").read_text(),
}
html_additional_pages = {"404": "404.html"}
html_copy_source = False
html_domain_indices = False
html_use_index = False
html_show_copyright = False
html_show_sphinx = False
templates_path = ["_templates"]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/site.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b6e4f", "color-brand-content": "#0b6e4f"},
    "dark_css_variables": {"color-brand-primary": "#5fd3a8", "color-brand-content": "#5fd3a8"},
}
# Of a terminal's text only the commands are copied, without their prompts.
copybutton_exclude = ".linenos"
copybutton_prompt_text = r"\$ (?=skypay-payout)"  # nothing else runs in one
copybutton_prompt_is_regexp = True

# Files that pages offer for download, written anew by every build: the schemas, the Django project
# and the figures of the benchmarks.
DOWNLOADS = DOCS / "_build" / "downloads"
DOWNLOADS.mkdir(parents=True, exist_ok=True)
for name, content in (("callback", schema.callback()), ("acknowledgement", schema.acknowledgement())):
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    (DOWNLOADS / f"{name}.schema.json").write_text(text, encoding="utf-8")
PROJECT = DOCS / "examples" / "django_project"
with ZipFile(DOWNLOADS / "django_project.zip", "w") as archive:
    for file in sorted(file for file in PROJECT.rglob("*") if file.is_file() and file.suffix != ".pyc"):
        entry = ZipInfo(
            file.relative_to(PROJECT.parent).as_posix()
        )  # of no date: equal files, equal archives
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, file.read_bytes())
measured = figures.read()
with (DOWNLOADS / "benchmarks.csv").open("w", encoding="utf-8", newline="") as file:
    table = csv.writer(file)
    table.writerow(
        ["group", "subject", "seconds", "ratio, lower quartile", "ratio, median", "ratio, upper quartile"]
    )
    for group, subjects in measured.groups.items():
        table.writerows([group, name, one.seconds, *one.ratio] for name, one in subjects.items())
    for database, ratios in measured.stores.items():
        table.writerows([f"store: {database}", name, "", "", ratio, ""] for name, ratio in ratios.items())
myst_substitutions = report.substitutions(measured)


def _without_internals(*event: object) -> tuple[str | None, object]:
    """Leave out of a signature what is not public, and defaults that are no code."""
    signature, returned = event[-2:]
    if not isinstance(signature, str):
        return None, returned
    signature = re.sub(r", key: [^,)]*", "", signature)
    signature = signature.replace("NOTHING", "{}")
    return re.sub(r"<function \w+>|datetime\.datetime\(.*?\)(?=, )", "...", signature), returned


def setup(app: Sphinx) -> None:
    app.connect("autodoc-process-signature", _without_internals)
