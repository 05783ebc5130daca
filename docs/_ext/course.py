"""The course map: which lecture needs which, from their front matter, drawn in the page's colours.

Every lecture says ``needs: [names]`` and ``summary: one line``. ``{course-map}`` draws the arrows
and, for readers who do not see them, says the same as a list.
"""

import json
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import SphinxError
from sphinx.util.docutils import SphinxDirective

from ledger import link
from steepest.render.layout import graphviz

FOLDER = "lectures/"
FONT, LINE, COLUMN = 13, 16, 18
"""Size of the letters and height of a line, in CSS pixels, and letters to a line."""


class CourseError(SphinxError):
    """The lectures' front matter does not make a course; the message names the page."""

    category = "the course has no order"


@dataclass(frozen=True)
class Lecture:
    """What a lecture says of itself."""

    title: str
    needs: tuple[str, ...]
    summary: str


def lecture(name: str, title: str, metadata: Mapping[str, Any]) -> Lecture:
    """Read a lecture's front matter, whose lists Sphinx keeps as JSON."""
    given, summary = metadata.get("needs"), metadata.get("summary")
    try:
        needs = json.loads(given) if isinstance(given, str) else given
    except json.JSONDecodeError:
        needs = None
    if not (isinstance(needs, list) and all(isinstance(need, str) for need in needs)):
        raise CourseError(f"{name}: front matter: wanted needs: [names], got {given!r}")
    if not (isinstance(summary, str) and summary.strip()):
        raise CourseError(f"{name}: front matter: wanted summary: one line, got {summary!r}")
    return Lecture(title, tuple(needs), " ".join(summary.split()))


def in_order(course: Mapping[str, Lecture]) -> list[str]:
    """Return the lectures' names, each after all that it needs."""
    for name, one in course.items():
        for need in one.needs:
            if need not in course:
                raise CourseError(f"{name}: needs {need!r}, and no lecture has this name")
    try:
        return [
            *TopologicalSorter({name: one.needs for name, one in course.items()}).static_order()
        ]
    except CycleError as error:
        raise CourseError(f"needs go round in a circle: {' → '.join(error.args[1])}") from error


def draw(course: Mapping[str, Lecture], addresses: Mapping[str, str]) -> str:
    """Draw the course as an ``<svg>`` whose colours are the page's and whose boxes are links."""
    lines = {name: textwrap.wrap(one.title, COLUMN) for name, one in course.items()}
    graph = graphviz().AGraph(directed=True, nodesep="0.16", ranksep="0.22")
    graph.node_attr.update(shape="box", fixedsize="true", label="")
    graph.edge_attr.update(arrowhead="none")
    sizes = {}
    for name, text in lines.items():
        width, height = max(map(len, text)) * 0.56 * FONT + 16, len(text) * LINE + 12
        sizes[name] = (width, height)
        graph.add_node(name, width=f"{width / 72:.4f}", height=f"{height / 72:.4f}")
    for name, one in course.items():
        for need in one.needs:
            graph.add_edge(need, name)
    plan = json.loads(graph.draw(format="json", prog="dot"))
    left, bottom, right, top = (float(number) for number in plan["bb"].split(","))

    def point(pair: str) -> tuple[float, float]:
        # Mirrored: where the course begins is at the left, and so in sight on a phone.
        x, y = (float(number) for number in pair.split(","))
        return round(right - x + 2, 1), round(top - y + 2, 1)

    wide, high = round(right - left + 4), round(top - bottom + 4)
    svg = [
        f'<svg class="course-map" role="group" aria-label="Course map" width="{wide}" '
        f'height="{high}" viewBox="0 0 {wide} {high}" font-size="{FONT}">',
        '<marker id="course-head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" '
        'markerHeight="8" orient="auto"><path class="head" d="M0,0L8,4L0,8z"/></marker>',
    ]
    for edge in plan.get("edges", ()):
        start, *rest = (point(pair) for pair in edge["pos"].removeprefix("e,").split())
        curve = " ".join(f"{x},{y}" for x, y in rest)
        svg.append(f'<path d="M{start[0]},{start[1]}C{curve}" marker-end="url(#course-head)"/>')
    for item in plan["objects"]:
        name = item["name"]
        (x, y), (width, height), one = point(item["pos"]), sizes[name], course[name]
        first = y - LINE * (len(lines[name]) - 1) / 2 + 0.35 * FONT
        rows = " ".join(
            f'<tspan x="{x}" y="{first + row * LINE:.1f}">{escape(part)}</tspan>'
            for row, part in enumerate(lines[name])
        )
        svg.append(
            f'<a href="{escape(addresses[name])}" aria-label="{escape(one.title)}">'
            f"<title>{escape(one.summary)}</title>"
            f'<rect x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" '
            f'height="{height}" rx="6"/><text text-anchor="middle">{rows}</text></a>'
        )
    return "\n".join([*svg, "</svg>"])


def read(env: BuildEnvironment) -> dict[str, Lecture]:
    """Gather the lectures that Sphinx has read."""
    return {
        page.removeprefix(FOLDER): lecture(page, env.titles[page].astext(), env.metadata[page])
        for page in sorted(env.found_docs)
        if page.startswith(FOLDER)
    }


def check(app: Sphinx, env: BuildEnvironment) -> None:
    """Stop the build where the lectures do not make a course, before any of it is kept."""
    in_order(read(env))


class course_map(nodes.General, nodes.Element):  # noqa: N801  (docutils' custom: nodes in lower case)
    """Stands where the map goes, until every page is read."""


class CourseMapDirective(SphinxDirective):
    """``{course-map}``: the drawing and, folded, the list."""

    def run(self) -> list[nodes.Node]:
        """Leave a mark."""
        return [course_map()]


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Replace the mark by the drawing and the list."""
    for mark in list(doctree.findall(course_map)):
        course = read(app.env)
        places = {n: app.builder.get_relative_uri(docname, FOLDER + n) for n in course}
        drawing = f'<div class="course-map-box">{draw(course, places)}</div>'
        items = nodes.bullet_list()
        for name in in_order(course):
            told = nodes.paragraph("", "", link(app, docname, FOLDER + name))
            told += nodes.Text(f": {course[name].summary}")
            for place, need in enumerate(course[name].needs):
                told += nodes.Text(", " if place else " Needs ")
                told += link(app, docname, FOLDER + need)
            told += nodes.Text("." if course[name].needs else "")
            items += nodes.list_item("", told)
        opening = '<details class="course-list"><summary>The map as a list</summary>'
        mark.replace_self(
            [
                nodes.raw("", drawing, format="html"),
                nodes.raw("", opening, format="html"),
                items,
                nodes.raw("", "</details>", format="html"),
            ]
        )


def setup(app: Sphinx) -> dict[str, Any]:
    """Check once all pages are read; draw while they are written."""
    app.add_node(course_map)
    app.add_directive("course-map", CourseMapDirective)
    app.connect("env-updated", check)
    app.connect("doctree-resolved", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
