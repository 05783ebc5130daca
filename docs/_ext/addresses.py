"""Where the site, its repository and downloads will live: from the environment, checked once."""

import os
from urllib.parse import urlsplit

LOCAL = "http://127.0.0.1:8000/"
"""Where ``nox -s serve`` shows the site."""


def site() -> str:
    """Return the site's address with a slash at its end, from ``STEEPEST_SITE``."""
    return _address("STEEPEST_SITE", LOCAL).rstrip("/") + "/"


def repository() -> str | None:
    """Return the repository's address without a slash at its end, from ``STEEPEST_REPOSITORY``."""
    return _address("STEEPEST_REPOSITORY", "").rstrip("/") or None


def online() -> str | None:
    """Return the site's address where others reach it, None where it is this machine's own."""
    return site() if site() != LOCAL else None


def public() -> str | None:
    """Return where readers find the project: its site, else its repository, if one is known."""
    return online() or repository()


def downloads() -> str:
    """Return the repository's branch that holds the downloads, from ``STEEPEST_DOWNLOADS``."""
    return os.environ.get("STEEPEST_DOWNLOADS", "") or "downloads"


def _address(variable: str, default: str) -> str:
    given = os.environ.get(variable, "") or default
    parts = urlsplit(given)
    if given and not (parts.scheme in ("http", "https") and parts.netloc):
        raise ValueError(
            f"{variable}: wanted an address like https://example.org/steepest/, got {given!r}"
        )
    return given
