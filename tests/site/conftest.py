"""A server on this machine, a browser, and the built site between them."""

import contextlib
import functools
import http.server
import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, sync_playwright

SITE = Path(__file__).parents[2] / "docs" / "_build" / "html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves a folder under a path of the host, without a line for every request."""

    protocol_version = "HTTP/1.1"  # one connection for many files

    def __init__(self, *args: Any, path: str, **options: Any) -> None:
        self.begin = path
        super().__init__(*args, **options)

    def translate_path(self, path: str) -> str:
        here = f"{path}/" if f"{path}/" == self.begin else path
        if not here.startswith(self.begin):
            return str(Path(self.directory, "nowhere"))
        return super().translate_path(f"/{here.removeprefix(self.begin)}")

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def serving(folder: Path, path: str = "/") -> Iterator[str]:
    """Serve a folder and give its address, without a slash at the end."""
    handler = functools.partial(Quiet, path=path, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{path}".rstrip("/")
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="session")
def serve() -> Callable[[Path], contextlib.AbstractContextManager[str]]:
    """How a test serves a folder of its own."""
    return serving


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where the site is served while the tests run: under the path that it was built for."""
    if not (SITE / "index.html").exists():
        pytest.fail(f"no site at {SITE}; build it with: nox -s docs")
    robots = (SITE / "robots.txt").read_text(encoding="utf-8")
    (place,) = re.findall(r"^Sitemap: (\S+)sitemap.xml$", robots, re.MULTILINE)
    with serving(SITE, urlsplit(place).path) as served:
        yield served


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium: the one that CHROMIUM names, or the first one on the PATH."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.fail(f"no browser: none of {', '.join(BROWSERS)} is on the PATH; or set CHROMIUM")
    # As root, in a container, Chromium's sandbox cannot start.
    sandbox = [] if not hasattr(os, "getuid") or os.getuid() else ["--no-sandbox"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=sandbox)
        yield chromium
        chromium.close()
