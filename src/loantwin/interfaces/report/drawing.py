"""How a picture is drawn: one `<svg>` in the page's colours, its values beside it for who cannot see it.

Title, unit and keys are set by the page, above the picture: there they wrap, and can neither be clipped nor
lie over the data. Text is laid out at the size it has on a narrow page; a wide one shows it smaller.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import cycle
from typing import Any

from loantwin.interfaces.report.labels import money_ticks, percent_ticks, wrapped
from loantwin.interfaces.report.palette import BAND, CYCLE, GRID, MUTED, named
from loantwin.language import said_under

TEXT = 12.0
"""Height of a picture's text on a narrow page, points of the picture; `page.css.j2` has the wide one's."""
STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["Helvetica", "Arial", "DejaVu Sans"],
    "font.size": TEXT,
    "axes.titlesize": TEXT,
    "axes.labelsize": TEXT,
    "xtick.labelsize": TEXT,
    "ytick.labelsize": TEXT,
    "axes.facecolor": "none",
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "svg.fonttype": "none",
    "svg.hashsalt": "loantwin",
    "path.simplify": True,
}
SIZE = (5.4, 2.7)
"""Width and height of a picture, inches; the page scales it to its column."""
LABELS_ACROSS = 50
"""Characters that fit side by side below a picture."""
MOST_MONTHS = 6
"""Months named below a picture."""
LINE_POINTS = 13.0
"""Height of a line of a row's name, points."""
METADATA = re.compile(r" <metadata>.*?</metadata>\n", re.DOTALL)
SAID = re.compile(r'<g id="said-([0-9a-f]+)">(.*?<text[^>]*>)[^<]*(?=</text>)', re.DOTALL)
"""A text for which another of the same width was laid out: what it says is in its name."""
FONT = re.compile(r"font(-size|-family)?: [^;\"]*(;\s*)?")


@dataclass(frozen=True)
class Key:
    """What one colour of a picture means; mark is line, band, bar or dot."""

    name: str
    colour: str
    mark: str = "line"


INTERVAL = Key("90 % interval", BAND, "band")
INTERVAL_95 = Key("95 % interval", BAND, "band")


@dataclass(frozen=True)
class Values:
    """The figures a picture shows, as a table: what is along its axis first, then a column a series."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Chart:
    """One picture: title, SVG element, keys of its colours, unit of its figures, the figures themselves."""

    title: str
    svg: str
    keys: tuple[Key, ...]
    unit: str
    values: Values


def figure(value: float | None) -> str:
    """Return an amount or a number as a picture's table says it; a missing one as a dash."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.6g}"


def share(value: float | None) -> str:
    """Return a decimal as a percentage with the digits it has; a missing one as a dash."""
    return "–" if value is None or not math.isfinite(value) else f"{100 * value:.4g} %"


def tabled(
    head: str,
    labels: Iterable[object],
    series: Mapping[str, Sequence[float | None]],
    shown: Callable[[float | None], str] = figure,
) -> Values:
    """Return series as a table, a row a label; one that ends early has dashes."""
    rows = [
        (str(label), *(shown(many[place] if place < len(many) else None) for many in series.values()))
        for place, label in enumerate(labels)
    ]
    return Values((head, *series), tuple(rows))


def drawn(
    size: tuple[float, float],
    title: str,
    draw: Callable[[Any], None],
    keys: Sequence[Key] = (),
    *,
    unit: str,
    values: Values,
) -> Chart:
    """Return one picture drawn by `draw(axes)`."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        made = Figure(figsize=size, layout="constrained", facecolor="none")
        draw(made.subplots())
        buffer = io.StringIO()
        made.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = SAID.sub(lambda found: f"<g>{found[2]}{_escaped(bytes.fromhex(found[1]).decode())}", text)
    text = METADATA.sub("", text[text.index("<svg") :], count=1)
    said = _escaped(f"{title}, {unit}")
    text = re.sub(
        r' width="[^"]*pt" height="[^"]*pt"',
        f' class="chart" role="img" aria-label="{said}"',
        text,
        count=1,
    )
    return Chart(title, named(_own_ids(FONT.sub("", text))), tuple(keys), unit, values)


def keyed(names: Iterable[str], mark: str = "line") -> list[Key]:
    """Return a key for each series, in the palette's order."""
    return [Key(name, colour, mark) for name, colour in zip(names, cycle(CYCLE), strict=False)]


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _own_ids(text: str) -> str:
    """Give each picture's clip paths names of their own: several SVGs share one page."""
    mark = sha256(text.encode()).hexdigest()[:10]
    text = re.sub(r'id="([^"]+)"', lambda found: f'id="{found[1]}-{mark}"', text)
    text = re.sub(r"url\(#([^)]+)\)", lambda found: f"url(#{found[1]}-{mark})", text)
    return re.sub(r'xlink:href="#([^"]+)"', lambda found: f'xlink:href="#{found[1]}-{mark}"', text)


def ticks(axis: Any, labels: Callable[[Sequence[float]], list[str]], most: int = 6) -> None:
    """Let an axis have at most `most` steps, labelled together: the step decides the decimals."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    def one(value: float, _position: object = None) -> str:
        return labels([value, *axis.get_majorticklocs()])[0]

    axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(one))


def as_money(axes: Any) -> None:
    """Label the upright axis with amounts."""
    ticks(axes.yaxis, money_ticks)


def as_percent(axes: Any) -> None:
    """Label the upright axis with percentages."""
    ticks(axes.yaxis, percent_ticks)


def month_ticks(axes: Any, labels: Sequence[str]) -> None:
    """Mark the ends of quarters along the axis and name as many as fit; what is no month, evenly."""
    ends = quarter_ends(labels)
    if len(labels) > MOST_MONTHS and len(ends) > 1:
        axes.set_xticks(ends, minor=True)
        shown = ends[_first_at(ends, labels) :: _step(len(ends))]
    else:
        shown = list(range(0, len(labels), max(1, -(-len(labels) // MOST_MONTHS))))
    axes.set_xticks(shown, [labels[place] for place in shown])


def quarter_ends(labels: Sequence[str]) -> list[int]:
    """Return the places of months that end a quarter, of labels YYYY-MM."""
    return [place for place, label in enumerate(labels) if re.fullmatch(r"\d{4}-(03|06|09|12)", label)]


def _step(count: int) -> int:
    """Return how many quarters apart names stand: 1, 2, 4 or whole years."""
    steps: list[int] = [1, 2, *range(4, count + 8, 4)]
    return min(step for step in steps if -(-count // step) <= MOST_MONTHS)


def _first_at(ends: Sequence[int], labels: Sequence[str]) -> int:
    """Return the first quarter named: where years are, the first that ends one."""
    step = _step(len(ends))
    if step == 1:
        return 0
    ending = ("-06", "-12") if step == 2 else ("-12",)
    return min(place for place, end in enumerate(ends) if labels[end].endswith(ending))


def names_of_rows(axes: Any, y: Any, labels: Sequence[str], head: str = "") -> None:
    """Name rows at the left, a text a line: the page's font differs from the one measured here.

    head : what they are names of; the reader's own words are said as they are.
    """
    axes.set_yticks(y, [""] * len(labels))
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    place = {"xycoords": axes.get_yaxis_transform(), "textcoords": "offset points", "annotation_clip": False}
    for row, label in zip(y, labels, strict=True):
        written = wrapped(said_under(head, label)).split("\n")
        for number, line in enumerate(written):
            below = LINE_POINTS * ((len(written) - 1) / 2 - number)
            shown = axes.annotate(
                stand_in(line), (0, row), (-5, below), ha="right", va="center_baseline", color=MUTED, **place
            )
            if shown.get_text() != line:
                shown.set_gid("said-" + line.encode().hex())


def stand_in(text: str) -> str:
    """Return a text of the same width that any font has: pages show Chinese, which the one here may lack."""
    return re.sub(r"[\u2e80-\uffef]", "m", text)


def height(labels: Sequence[str], head: str = "") -> float:
    """Return the height of rows that names of one or two lines label, inches; head as of `names_of_rows`."""
    lines = max((wrapped(said_under(head, label)).count("\n") + 1 for label in labels), default=1)
    return len(labels) * (LINE_POINTS * lines + 7.0) / 72.0
