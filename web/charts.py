"""Small charts as markup: right in light and dark, printable, readable without seeing.

Geometry is SVG without texts; names and numbers are HTML beside it, so that they keep their size on a phone. Available in
templates as ``chart_bars``, ``chart_lines``, ``chart_columns``, ``chart_stack`` and ``chart_spark``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from flask import Flask
from flask_babel import gettext as _
from markupsafe import Markup, escape

Number = float | int


@dataclass(frozen=True)
class Series:
    """A named row of values. ``kind``: overdue, today, escalated, done, neutral, or empty for the accent colour."""

    name: str
    values: Sequence[Number | None]
    kind: str = ""


def init_app(app: Flask) -> None:
    """Give templates the charts."""
    app.jinja_env.globals.update(
        chart_bars=bars, chart_lines=lines, chart_columns=columns, chart_stack=stack, chart_spark=spark, Series=Series
    )


def bars(items: Iterable[tuple[str, Number, str, str | None]], unit: str = "") -> Markup:
    """Horizontal bars as a table: (name, value, kind, address or None), longest value full width."""
    rows = list(items)
    top = max([value for _name, value, _kind, _url in rows], default=0) or 1
    body = Markup("").join(
        Markup(
            '<tr><th scope="row">{}</th><td class="bar-cell"><svg viewBox="0 0 100 10" preserveAspectRatio="none" '
            'aria-hidden="true"><rect class="bar {}" width="{}" height="10"/></svg></td><td class="num">{}{}</td></tr>'
        ).format(_named(name, url), _class(kind), _round(100 * value / top), _number(value), unit)
        for name, value, kind, url in rows
    )
    return Markup('<table class="chart chart-bars"><tbody>{}</tbody></table>').format(body)


def lines(labels: Sequence[str], series: Sequence[Series], title: str) -> Markup:
    """Lines over time, with a legend and the numbers as a table below."""
    top = _nice(max((v for one in series for v in one.values if v is not None), default=0))
    shapes = Markup("").join(_line(one, top, number) for number, one in enumerate(series))
    keys = [_line_key(one.kind, number) for number, one in enumerate(series)]
    return _figure(labels, series, title, top, shapes, keys)


def columns(labels: Sequence[str], series: Sequence[Series], title: str) -> Markup:
    """Columns, the series stacked on one another, with a legend and the numbers as a table below."""
    sums = [sum(one.values[i] or 0 for one in series) for i in range(len(labels))]
    top = _nice(max(sums, default=0))
    width = 100 / max(len(labels), 1)
    shapes = []
    for i in range(len(labels)):
        base = 100.0
        for one in series:
            height = 100 * (one.values[i] or 0) / top
            base -= height
            shapes.append(
                Markup('<rect class="bar {}" x="{}" y="{}" width="{}" height="{}"/>').format(
                    _class(one.kind), _round(width * (i + 0.15)), _round(base), _round(width * 0.7), _round(height)
                )
            )
    return _figure(labels, series, title, top, Markup("").join(shapes), [_key(one.kind) for one in series])


def stack(parts: Sequence[tuple[str, Number, str]]) -> Markup:
    """One bar divided into parts (name, value, kind), with a legend that gives the numbers."""
    total = sum(value for _name, value, _kind in parts) or 1
    at, shapes, legend = 0.0, [], []
    for name, value, kind in parts:
        width = 100 * value / total
        shapes.append(
            Markup('<rect class="bar {}" x="{}" width="{}" height="8"/>').format(
                _class(kind), _round(at), _round(width)
            )
        )
        legend.append(Markup("<li>{}{} {}</li>").format(_key(kind), name, _number(value)))
        at += width
    return Markup(
        '<div class="chart"><svg class="coverage" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">{}</svg>'
        '<ul class="chart-legend">{}</ul></div>'
    ).format(Markup("").join(shapes), Markup("").join(legend))


def spark(values: Sequence[Number], kind: str = "", label: str = "") -> Markup:
    """A trend the size of a word; ``label`` says it in words."""
    if len(values) < 2:
        return Markup("")
    low, high = min(values), max(values)
    span = (high - low) or 1
    step = 76 / (len(values) - 1)
    points = [(_round(2 + i * step), _round(17 - 14 * (value - low) / span)) for i, value in enumerate(values)]
    path = " ".join(f"{x},{y}" for x, y in points)
    meaning = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup(
        '<svg class="spark {}" viewBox="0 0 80 20" {}><polyline class="line" points="{}"/>'
        '<circle class="dot" cx="{}" cy="{}" r="2"/></svg>'
    ).format(_class(kind), meaning, path, *points[-1])


def _line(one: Series, top: Number, number: int) -> Markup:
    step = 100 / max(len(one.values) - 1, 1)
    points = [
        f"{_round(i * step)},{_round(100 - 100 * value / top)}"
        for i, value in enumerate(one.values)
        if value is not None
    ]
    return Markup('<polyline class="line series-{} {}" points="{}"/>').format(
        number, _class(one.kind), " ".join(points)
    )


def _figure(
    labels: Sequence[str], series: Sequence[Series], title: str, top: Number, shapes: Markup, keys: Sequence[Markup]
) -> Markup:
    grid = Markup("").join(Markup('<path class="axis" d="M0 {}H100"/>').format(y) for y in (0, 50, 100))
    pairs = zip(keys, series, strict=True)
    legend = Markup("").join(Markup("<li>{}{}</li>").format(key, one.name) for key, one in pairs)
    ends = [labels[0], labels[len(labels) // 2], labels[-1]] if len(labels) > 2 else list(labels)
    return Markup(
        '<figure class="chart"><figcaption>{title}</figcaption><div class="chart-grid">'
        '<div class="chart-scale" aria-hidden="true"><span>{top}</span><span>{half}</span><span>0</span></div>'
        '<svg class="chart-plot" viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">{grid}{shapes}</svg>'
        '<div class="chart-ends" aria-hidden="true">{ends}</div></div>'
        '<ul class="chart-legend">{legend}</ul><details><summary>{data}</summary>{table}</details></figure>'
    ).format(
        title=title,
        top=_number(top),
        half=_number(top / 2),
        grid=grid,
        shapes=shapes,
        ends=Markup("").join(Markup("<span>{}</span>").format(end) for end in ends),
        legend=legend if len(series) > 1 else "",
        data=_("数据"),
        table=_table(labels, series),
    )


def _table(labels: Sequence[str], series: Sequence[Series]) -> Markup:
    head = Markup("").join(Markup('<th scope="col" class="num">{}</th>').format(one.name) for one in series)
    rows = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            label, Markup("").join(Markup('<td class="num">{}</td>').format(_number(one.values[i])) for one in series)
        )
        for i, label in enumerate(labels)
    )
    return Markup('<table class="list keep"><thead><tr><td></td>{}</tr></thead><tbody>{}</tbody></table>').format(
        head, rows
    )


def _named(name: str, url: str | None) -> Markup:
    return Markup('<a href="{}">{}</a>').format(url, name) if url else escape(name)


def _key(kind: str) -> Markup:
    return Markup(
        '<svg viewBox="0 0 10 10" aria-hidden="true"><rect class="bar {}" width="10" height="10" rx="2"/></svg>'
    ).format(_class(kind))


def _line_key(kind: str, number: int) -> Markup:
    return Markup(
        '<svg class="wide" viewBox="0 0 24 10" aria-hidden="true"><path class="line series-{} {}" d="M0 5H24"/></svg>'
    ).format(number, _class(kind))


def _class(kind: str) -> str:
    return f"is-{kind}" if kind else ""


def _round(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _number(value: Number | None) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}".removesuffix(".0")


def _nice(top: Number) -> Number:
    """The next round number at or above ``top``, even where it can be, for the scale."""
    if top <= 2:
        return 2
    unit: int = 10 ** floor(log10(top))
    return next(step * unit for step in (1, 2, 4, 6, 8, 10) if step * unit >= ceil(top))
