"""What Sphinx-Gallery needs to know of this gallery: its figures, its claims, that all really ran.

These functions run in the process that runs a script, one script at a time.
"""

import json
import logging
import signal
from pathlib import Path, PurePosixPath
from typing import Any

import torch
from sphinx.application import Sphinx
from sphinx.errors import SphinxError

import films
from freshness import DOCS, ROOT

SECONDS = 300
"""How long a script may run."""

claims: list[dict[str, Any]] = []


class Gatherer(logging.Handler):
    """Keeps the claims that the running script makes."""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one claim."""
        claims.append(record.claim.as_dict())  # type: ignore[attr-defined]


def reset(gallery_conf: dict[str, Any], script: str, when: str) -> None:
    """Begin a script with no claim of another one and with all of the GPU; watch its time."""
    log = logging.getLogger("steepest.claims")
    log.setLevel(logging.INFO)
    if not any(isinstance(handler, Gatherer) for handler in log.handlers):
        log.addHandler(Gatherer())
    claims.clear()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if hasattr(signal, "SIGALRM"):  # Windows has no alarm clock
        signal.signal(signal.SIGALRM, _late)
        signal.alarm(SECONDS if when == "before" else 0)


def _late(*_: object) -> None:
    raise TimeoutError(f"the script ran for more than {SECONDS} s")


def scrape(
    block: tuple[Any, ...], block_vars: dict[str, Any], gallery_conf: dict[str, Any], **_: Any
) -> str:
    """Save the figures that a block of a script has drawn, as SVG, and the claims made so far."""
    import matplotlib.pyplot as plt

    generated = Path(block_vars["target_file"])
    forget(generated)
    claims_file(generated).write_text(json.dumps(claims), encoding="utf-8")
    directives = []
    for number, path in zip(plt.get_fignums(), block_vars["image_path_iterator"], strict=False):
        figure = plt.figure(number)
        alt = " ".join(str(figure.get_label()).split())
        if not alt:
            raise ValueError(
                f"{block_vars['src_file']}: a figure has no alternative text; "
                "make it with steepest.plots.figure(alt, ...)"
            )
        target = Path(path).with_suffix(".svg")
        figure.savefig(target, metadata={"Date": None})
        uri = PurePosixPath(target.relative_to(gallery_conf["src_dir"]))
        kind = "image"
        if hasattr(figure, "film"):
            films.save(figure.film, target.with_suffix(".mp4"))
            kind = "film"
        directives.append(f"\n.. {kind}:: /{uri}\n   :alt: {alt}\n   :class: script-figure\n")
    plt.close("all")
    return "".join(directives)


def claims_file(generated: Path) -> Path:
    """Return where the claims of the script with this generated page are kept."""
    return generated.with_suffix(".claims.json")


def forget(generated: Path) -> None:
    """Have a script run again next time, unless Sphinx-Gallery notes in the end that it ran."""
    _note(generated).unlink(missing_ok=True)


def run_of(docname: str) -> tuple[list[dict[str, Any]], float] | None:
    """Return the claims and the seconds of a gallery page's script; None where it did not run."""
    generated = DOCS / f"{docname}.py"
    if not _note(generated).exists():
        return None
    cost = json.loads(generated.with_suffix(".cost.json").read_text(encoding="utf-8"))
    return json.loads(claims_file(generated).read_text(encoding="utf-8")), cost["time"]


def _note(generated: Path) -> Path:
    # Sphinx-Gallery writes it when a script has run without an error, and only then.
    return generated.with_name(f"{generated.name}.md5")


class ScriptError(SphinxError):
    """A script raised an error or never ran; the message names file and line."""

    category = "a script failed"


def check(app: Sphinx) -> None:
    """Stop the build where a script failed, or has no run time and thus never ran."""
    failed = app.config.sphinx_gallery_conf["failing_examples"]
    for script in failed:
        forget(DOCS / Path(script).relative_to(ROOT))
    if failed:
        raise ScriptError("\n" + "\n".join(failed.values()))
    if app.builder.name == "linkcheck":
        return
    for path in sorted((ROOT / "gallery").rglob("*.py")):
        name = path.relative_to(ROOT)
        if run_of(str(name.with_suffix(""))) is None:
            raise ScriptError(f"{name}:1: this script never ran")


def setup(app: Sphinx) -> dict[str, Any]:
    """Check the gallery once Sphinx-Gallery has run it."""
    app.connect("builder-inited", check, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
