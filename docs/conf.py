"""Sphinx's settings. ``nox -s docs`` runs them through ``docs/build.py``."""

import os
import sys
from importlib.metadata import version as version_of
from pathlib import Path

DOCS = Path(__file__).parent
sys.path[:0] = [str(DOCS / "_ext"), str(DOCS.parent / "src")]

import addresses  # noqa: E402  (found through the line above)
import freshness  # noqa: E402
import lectures  # noqa: E402
import uses  # noqa: E402

project = "Steepest"
author = "The Steepest developers"
project_copyright = "the Steepest developers. Code BSD-3-Clause, text CC BY 4.0"
release = version = version_of("steepest")
html_title = "Steepest"
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "uses",
    "sphinx_codeautolink",
    "sphinxcontrib.bibtex",
    "access",
    "citing",
    "colophon",
    "course",
    "downloads",
    "exercises",
    "feed",
    "fields",
    "figures",
    "films",
    "finding",
    "formulas",
    "freshness",
    "heads",
    "kept",
    "lectures",
    "ledger",
    "lightness",
    "locations",
    "missing",
    "outlines",
    "parity",
    "policy",
    "redirects",
    "reports",
    "scripts",
    "snippets",
    "solutions",
    "tags",
    "versions",
]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb"}
exclude_patterns = ["_build", "gallery/**/*.ipynb", "gallery/**/*.py"]
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", r"(torch|matplotlib|collections|Axes|Figure|Tensor|Any)\b.*")]
nitpick_ignore = [("py:class", "optional"), ("py:class", "os.PathLike")]
# Two pages may cite one work: each lists it, and its citations lead to its own list.
suppress_warnings = ["bibtex.duplicate_citation"]

# Results are kept as long as what made them is the same: see _ext/freshness.py.
CACHE = freshness.cache_folder()
steepest_results_key = freshness.results_key()
steepest_reading_key = freshness.reading_key()

# Lectures
myst_enable_extensions = [
    "amsmath",
    "attrs_block",
    "attrs_inline",
    "colon_fence",
    "deflist",
    "dollarmath",
]
myst_heading_anchors = 3
myst_dmath_double_inline = True
nb_execution_mode = "cache"
nb_execution_cache_path = str(CACHE / "notebooks")
nb_execution_timeout = 120
nb_execution_raise_on_error = True
nb_execution_show_tb = False
nb_merge_streams = True
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
lectures.prepare_kernels(CACHE)

# Scripts
sphinx_gallery_conf = {
    "examples_dirs": [str(DOCS.parent / "gallery")],
    "gallery_dirs": ["gallery"],
    "filename_pattern": r"\.py$",
    "image_scrapers": ("scripts.scrape",),
    "reset_modules": ("matplotlib", "scripts.reset"),
    "reset_modules_order": "both",
    "capture_repr": ("_repr_html_",),
    "ignore_repr_types": r"steepest\.claims\..*Claim",
    "parallel": freshness.workers(),
    "write_computation_times": False,
    "download_all_examples": False,
    "show_signature": False,
    "remove_config_comments": True,
    "min_reported_time": 0,
    "backreferences_dir": "gallery/backreferences",
    "doc_module": ("steepest",),
    "nested_sections": True,
}

# Links from code to the package; a line that cannot be matched is left without one.
codeautolink_concat_default = True
codeautolink_inventory_map = uses.SHORT
codeautolink_disable_link_titles = True
suppress_warnings += ["codeautolink.match_block", "codeautolink.match_name"]

# Formulas
katex_prerender = True
katex_css_path = "katex/katex.min.css"

# Reference
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_format = "short"
napoleon_google_docstring = False
napoleon_use_rtype = False
bibtex_bibfiles = ["references.bib"]
bibtex_reference_style = "author_year"
bibtex_default_style = "alpha"

# Pages
html_theme = "furo"
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
html_css_files = ["steepest.css"]
html_copy_source = False
html_show_sourcelink = False
html_baseurl = addresses.site()
html_theme_options = {
    "light_css_variables": {
        "color-brand-primary": "#00588c",
        "color-brand-content": "#00588c",
        "color-brand-visited": "#6a3d8f",
    },
    "dark_css_variables": {
        "color-brand-primary": "#7cc4f0",
        "color-brand-content": "#7cc4f0",
        "color-brand-visited": "#c9a6e8",
    },
    "top_of_page_buttons": [],
}
copybutton_exclude = ".linenos, .gp, .go"
linkcheck_retries = 2
linkcheck_timeout = 30

# Without a GPU's help, one thread a process keeps kernels and script workers from fighting.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(sys.path[:2]))
