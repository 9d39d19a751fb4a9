"""How Sphinx builds the site: in English, and with ``-D language=zh_CN`` in Chinese."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from zipfile import ZipFile, ZipInfo

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS / "_ext"), str(DOCS.parent)]

import skypay_payout  # noqa: E402
from skypay_payout import schema  # noqa: E402
from tests.benchmarks import charts, figures, report  # noqa: E402

project = "skypay-payout"
author = "The skypay-payout maintainers"
version = release = skypay_payout.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_reredirects",
    "sphinxcontrib.mermaid",
    "languages",
    "links",
    "signatures",
    "terminal",
]
exclude_patterns = ["_build", "examples", "locale"]
nitpicky = True
# Names of others: the site is built without a network, so nothing can link them. And names that begin with an
# underscore, such as a type variable's, which no page has.
nitpick_ignore_regex = [
    ("py:.*", r"(collections|datetime|enum|typing|hypothesis)\..*"),
    ("py:.*", r"(.*\.)?_[A-Za-z]\w*"),
]

myst_enable_extensions = ["colon_fence", "deflist", "substitution"]
myst_heading_anchors = 3
add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 72

locale_dirs = ["locale"]
gettext_compact = False
gettext_location = False
gettext_uuid = False

html_theme = "furo"
pygments_dark_style = "github-dark"
html_title = project
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["tables.js"]
html_context = {"repository": "https://github.com/skypay-payout/skypay-payout"}
html_copy_source = False
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
# Of a terminal's text only the commands are copied: Pygments marks prompts and output.
copybutton_exclude = ".linenos, .gp, .go"

# Where pages lay before; the anchors of the tabs are the old names of the pages.
redirects = {
    **{
        f"howto/{name}": f"frameworks.html#{name}"
        for name in ("fastapi", "flask", "django", "aiohttp", "litestar", "aws-lambda", "wsgi")
    },
    "howto/sqlite": "store.html#sqlite",
    "howto/postgresql": "store.html#postgresql",
    "howto/change-a-key": "rotate.html#rotate-a-key",
    "howto/change-a-secret": "rotate.html#rotate-a-secret",
}

# The diagrams are drawn in the browser, by a copy of Mermaid in the site (make docs puts it there).
mermaid_use_local = "mermaid/mermaid.esm.min.mjs"
mermaid_include_elk = False
mermaid_d3_zoom = False
mermaid_fullscreen = False
mermaid_light_theme = "neutral"
mermaid_height = "auto"
mermaid_init_config = {
    "startOnLoad": False,
    "fontFamily": "inherit",
    # Narrow enough for a phone.
    "sequence": {"actorMargin": 30, "width": 120, "boxMargin": 6, "wrap": True, "mirrorActors": False},
}

# The schemas as files, for tools that read no Python; written anew by every build.
SCHEMAS = DOCS / "_build" / "schema"
SCHEMAS.mkdir(parents=True, exist_ok=True)
html_extra_path = ["_build/schema"]
for name, content in (("callback", schema.CALLBACK), ("acknowledgement", schema.ACKNOWLEDGEMENT)):
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    (SCHEMAS / f"{name}.schema.json").write_text(text, encoding="utf-8")

# The Django project as one download, with monitoring.py beside manage.py. Equal files give equal archives.
EXAMPLES = DOCS / "examples"
files = {file: file.relative_to(EXAMPLES) for file in (EXAMPLES / "django_project").rglob("*.py")}
for file in (EXAMPLES / "django_project" / "pytest.ini", EXAMPLES / "monitoring.py"):
    files[file] = Path("django_project", file.name)
with ZipFile(DOCS / "_build" / "django_project.zip", "w") as archive:
    for file, name in sorted(files.items()):
        entry = ZipInfo(name.as_posix())
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, file.read_bytes())

# The charts and tables of the benchmarks, and the figures in the page's sentences, from one file.
BENCHMARKS = DOCS / "_build" / "benchmarks"
measured = figures.read()
charts.draw(measured, BENCHMARKS)
(BENCHMARKS / "tables.md").write_text(report.tables(measured), encoding="utf-8")
myst_substitutions = report.substitutions(measured)
