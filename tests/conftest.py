"""A site of three pages as it lies on the disk when it is built, for the tests of the books."""

import json
from pathlib import Path

import pytest

FORMULA = (
    '<span class="math"><span class="katex"><span class="katex-mathml">'
    '<math xmlns="http://www.w3.org/1998/Math/MathML"><semantics><mrow><mi>x</mi><mo>\u2061</mo>'
    '</mrow><annotation encoding="application/x-tex">x</annotation></semantics></math></span>'
    '<span class="katex-html" aria-hidden="true"><span class="base"><span class="mord">x</span>'
    "</span></span></span></span>"
)

INDEX = """<html><body><div class="sidebar-tree">
<p class="caption"><span class="caption-text">Descent</span></p>
<ul><li><a class="reference internal" href="lectures/one.html">One &amp; only</a></li></ul>
<p class="caption"><span class="caption-text">Gallery</span></p>
<ul><li><a class="reference internal" href="gallery/index.html">Gallery</a></li></ul>
<p class="caption"><span class="caption-text">Reference</span></p>
<ul><li><a class="reference internal" href="reference/notation.html">Notation</a></li>
<li><a class="reference internal" href="reference/api/index.html">Package</a></li>
<li><a class="reference internal" href="reference/ledger.html">Ledger</a></li></ul>
</div></body></html>
"""

ONE = f"""<html><body><script>var a = 1;</script><article role="main" id="main">
<section id="one"><h1>One &amp; only<a class="headerlink" href="#one">¶</a></h1>
<p>Take {FORMULA}: see <a class="reference internal" href="../reference/notation.html#sets"
title="x">sets</a>, <a class="reference internal" href="../gallery/a/script.html">a script</a>,
<a class="reference external" href="https://example.org/">elsewhere</a>,
<a href="#more">below</a>.</p>
<div class="cell tag_hide-input"><details class="admonition hide above-input">
<summary><p class="collapsed">Show code cell source</p><p class="expanded">Hide</p></summary>
<div class="highlight"><pre>plot()</pre></div></details>
<img src="../_images/a.svg" alt="A line." loading="lazy" width="40" height="30" class="only-light">
<img src="../_images/a-dark.svg" alt="A line." class="only-dark"></div>
<video class="film" src="../_downloads/a.mp4"></video>
<section id="more"><h2>More of {FORMULA}<a class="headerlink" href="#more">¶</a></h2>
<details class="sd-dropdown"><summary><span class="sd-summary-text">Solution of exercise 1</span>
<span class="sd-summary-state-marker"><svg viewBox="0 0 9 9"><path d="M0 0"></path></svg></span>
</summary><p>It is 1 &lt; 2. <a class="report" href="https://example.org/issues">report</a></p></details>
<div class="output"><svg viewBox="0 0 40 30" width="40" height="30"><text>v</text></svg></div>
<span id="more"></span>
</section></section></article><footer>foot</footer></body></html>
"""

NOTATION = """<html><body><article role="main"><section id="notation"><h1>Notation</h1>
<section id="sets"><h2>Sets</h2><p>Letters, and <a href="../lectures/one.html">a lecture</a>.</p>
<table><tbody><tr><td align="right">A</td></tr></tbody></table>
</section></section></article></body></html>
"""

DRAWING = """<svg xmlns="http://www.w3.org/2000/svg" width="40pt" height="30pt" viewBox="0 0 40 30">
<path d="M0 0 L40 30" stroke="#000"/></svg>
"""


@pytest.fixture
def small_site(tmp_path: Path) -> Path:
    """The folder of a built site: a lecture, a page of reference, and pages of no book."""
    build = {"commit": "c0ffee", "device": "CPU", "versions": {}, "seconds": {}}
    files = {
        "index.html": INDEX,
        "build.json": json.dumps(build),
        "lectures/one.html": ONE,
        "reference/notation.html": NOTATION,
        "_images/a.svg": DRAWING,
        "_static/pygments.css": "",
        "_static/katex/katex.min.css": "",
    }
    site = tmp_path / "site"
    for name, text in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text, encoding="utf-8")
    return site
