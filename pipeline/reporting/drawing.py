"""A Matplotlib figure as SVG inside a page: the same bytes each time, ids of its own, and words for who cannot see."""

from __future__ import annotations

import html
import io
import logging
import re
import warnings
from collections.abc import Callable

import matplotlib
from markupsafe import Markup
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

_STYLE = {
    # Text stays text: a tenth of the size of outlines, and the reader can search it.
    "svg.fonttype": "none",
    # A product's name is no formula, whatever dollar signs it has.
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 9.0,
    "axes.labelsize": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#4a4a4a",
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": False,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "hatch.linewidth": 0.7,
    "savefig.transparent": True,
}
_NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")

logging.getLogger("matplotlib").setLevel(logging.ERROR)


def inline_svg(name: str, title: str, description: str, draw: Callable[[], Figure]) -> Markup:
    """Draws and gives back an ``svg`` element.

    Args:
        name: unique on the page, of letters, digits and hyphens; all ids begin with it.
        title: what the picture is, read out to who cannot see it.
        description: what can be seen on it, likewise.
        draw: makes the figure; called with the page's style in force.
    """
    body = svg_file(name, draw)
    body = body[body.index("<svg") :]
    body = re.sub(r"<(metadata|style)\b.*?</\1>", "", body, flags=re.DOTALL)
    body = re.sub(r"<[^>]*>", lambda tag: _own_ids(tag[0], name), body)
    view = re.search(r'viewBox="([^"]*)"', body)
    assert view, "Matplotlib writes a viewBox"
    head = (
        f'<svg role="img" aria-labelledby="{name}-title {name}-desc" viewBox="{view[1]}">'
        f'<title id="{name}-title">{html.escape(title)}</title>'
        f'<desc id="{name}-desc">{html.escape(description)}</desc>'
    )
    return Markup(head + body[body.index(">") + 1 :].strip())  # noqa: S704  (Matplotlib escapes its texts)


def svg_file(name: str, draw: Callable[[], Figure]) -> str:
    """Draws and gives back a whole SVG file, the same bytes each time.

    Args:
        name: steers the ids within.
        draw: makes the figure; called with our style in force.
    """
    stream = io.StringIO()
    style = matplotlib.rcParamsDefault.copy() | _STYLE | {"svg.hashsalt": name}
    # A reader's own matplotlibrc must not change the page, and a letter that no font here has is not our concern.
    with matplotlib.rc_context(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        matplotlib.rcParams.update(style)
        figure = draw()
        FigureCanvasSVG(figure).print_svg(stream, metadata=_NO_METADATA)
    return stream.getvalue()


def short(text: str, length: int = 24) -> str:
    """A name on one line, no longer than this."""
    line = _CONTROL.sub(" ", text).strip()
    return line if len(line) <= length else line[: length - 1] + "…"


def _own_ids(tag: str, name: str) -> str:
    tag = re.sub(r'\bid="', f'id="{name}-', tag)
    tag = re.sub(r'\b(?:xlink:)?href="#', f'href="#{name}-', tag)
    return tag.replace("url(#", f"url(#{name}-")
