"""A content security policy at the top of every page: nothing but the site's own files.

Scripts inside a page are named by the hashes of what was written, so that no other one runs.
"""

import base64
import hashlib
import re
from typing import Any

from sphinx.application import Sphinx

import pages

INLINE = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
CHARSET = re.compile(r'<meta charset="utf-8">\n?')
META = re.compile(r'<meta http-equiv="Content-Security-Policy" content="[^"]*">\n?')


def policy(page: str) -> str:
    """Return the policy under which all of this page works, and no more than that."""
    inline = dict.fromkeys(digest(script) for script in INLINE.findall(page))
    return "; ".join(
        [
            "default-src 'self'",
            " ".join(["script-src 'self'", *inline]),
            "style-src 'self' 'unsafe-inline'",  # KaTeX's boxes carry their sizes
            "img-src 'self' data:",  # the theme's icons
            "media-src 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
        ]
    )


def digest(script: str) -> str:
    """Return the source expression that allows one script: its SHA-256."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def protect(page: str) -> str:
    """Put the policy right behind the page's encoding, before anything is loaded."""
    bare = META.sub("", page)
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy(bare)}">\n'
    protected, times = CHARSET.subn(lambda found: f'<meta charset="utf-8">\n{meta}', bare, count=1)
    if not times:
        raise ValueError('policy: a page has no <meta charset="utf-8"> to put its policy behind')
    return protected


def protect_all(app: Sphinx, exception: Exception | None) -> None:
    """Give every written page its policy."""
    if pages.built(app, exception):
        pages.rewrite(app, protect)


def setup(app: Sphinx) -> dict[str, Any]:
    """Come last, when nothing more changes in the pages."""
    app.connect("build-finished", protect_all, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
