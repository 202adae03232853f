"""Reports: what came in during a month, quarter or year, and what became of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import login_required

from engine.types import ComplaintRow, Name, PackInfo
from web import access, i18n, rows
from web.charts import Series
from web.operations import chosen_pack
from web.periods import KINDS, Period, period_of

blueprint = Blueprint("reports", __name__)

_AT_ONCE = 200
_AT_MOST = 20_000
_BARS = 10


@dataclass
class Tally:
    """Complaints counted: all figures are about those received in the period."""

    label: str = ""
    received: int = 0
    closed: int = 0
    overdue: int = 0
    escalated: int = 0
    again: int = 0
    answered: int = 0
    satisfied: int = 0
    hours: list[float] = field(default_factory=list)

    @property
    def open(self) -> int:
        return self.received - self.closed

    @property
    def satisfaction(self) -> float | None:
        """Share of the answers."""
        return self.satisfied / self.answered if self.answered else None

    @property
    def average(self) -> float | None:
        """Working hours until closing."""
        return sum(self.hours) / len(self.hours) if self.hours else None

    def add(self, row: ComplaintRow) -> None:
        """Count one complaint."""
        engine = access.engine()
        self.received += 1
        self.escalated += row.escalated_at is not None
        self.again += row.rounds > 1
        self.answered += row.satisfied is not None
        self.satisfied += row.satisfied is True
        if row.state in ("completed", "cancelled"):
            self.closed += 1
            if row.closed_at:
                self.hours.append(engine.calendars["working"].working_seconds(row.received_at, row.closed_at) / 3600)
        elif row.due_at and row.due_at < engine.clock.now():
            self.overdue += 1


@blueprint.get("/reports")
@login_required
def index() -> str:
    """The report of a period."""
    info, period = chosen_pack(), _period()
    found, earlier = _received(info, period), _received(info, period.before)
    parts = period.parts()
    return render_template(
        "reports/index.html",
        info=info,
        period=period,
        kinds=[(kind, _kind_name(kind)) for kind in KINDS],
        as_of=access.engine().clock.now(),
        total=_tally(found),
        before=_tally(earlier),
        truncated=len(found) >= _AT_MOST,
        labels=[label for label, _begin, _end in parts],
        trend=_trend(found, parts),
        dimensions=[(title, _bars(_split(info, found, key))) for key, title in _dimensions() if key != "department"],
        departments=_split(info, found, "department"),
        export=url_for("reports.export", period=period.kind, at=period.written, pack=access.pack()),
    )


@blueprint.get("/reports.csv")
@login_required
def export() -> Response:
    """The figures of the report as CSV."""
    info, period = chosen_pack(), _period()
    found = _received(info, period)
    out = io.StringIO()
    writer = csv.writer(out)
    columns = [_("期间"), _("按"), _("项"), _("收到"), _("办结"), _("未办结"), _("超期未办结"), _("升级"), _("重办")]
    writer.writerow([*columns, _("满意"), _("评价"), _("平均办理（工作小时）")])
    lines = [(_("合计"), _tally(found))]
    lines += [(title, tally) for key, title in _dimensions() for tally in _split(info, found, key)]
    for title, tally in lines:
        figures = [tally.received, tally.closed, tally.open, tally.overdue, tally.escalated, tally.again]
        average = f"{tally.average:.1f}" if tally.average is not None else ""
        writer.writerow([period.name, title, tally.label, *figures, tally.satisfied, tally.answered, average])
    response = Response("\ufeff" + out.getvalue(), mimetype="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="report-{info.name}-{period.written}.csv"'
    return response


def _trend(found: Sequence[ComplaintRow], parts: Sequence[tuple[str, datetime, datetime]]) -> list[Series]:
    """Closed and open complaints by the part of the period they were received in."""
    in_parts = [[row for row in found if begin <= row.received_at < end] for _label, begin, end in parts]
    closed = [sum(map(_is_closed, rows_)) for rows_ in in_parts]
    still = [len(rows_) - done for rows_, done in zip(in_parts, closed, strict=True)]
    return [Series(_("已办结"), closed, "done"), Series(_("未办结"), still)]


def _period() -> Period:
    return period_of(request.args.get("period", "month"), request.args.get("at", ""))


def _kind_name(kind: str) -> str:
    return {"month": _("月"), "quarter": _("季度"), "year": _("年")}[kind]


def _received(info: PackInfo, period: Period) -> list[ComplaintRow]:
    """Every complaint received in the period."""
    found: list[ComplaintRow] = []
    number = 1
    while len(found) < _AT_MOST:
        page = access.engine().complaints.list(
            access.actor(),
            pack=info.name,
            received_from=period.begins,
            received_until=period.ends,
            order="received",
            page=number,
            size=_AT_ONCE,
        )
        found += page.items
        number += 1
        if number > page.pages:
            break
    return found


def _is_closed(row: ComplaintRow) -> bool:
    return row.state in ("completed", "cancelled")


def _tally(found: Iterable[ComplaintRow], label: str = "") -> Tally:
    tally = Tally(label)
    for row in found:
        tally.add(row)
    return tally


def _dimensions() -> list[tuple[str, str]]:
    return [
        ("department", _("责任部门")),
        ("category", _("类别")),
        ("severity", _("严重程度")),
        ("channel", _("渠道")),
        ("kind", _("来件类别")),
    ]


def _split(info: PackInfo, found: Sequence[ComplaintRow], key: str) -> list[Tally]:
    """A tally for each value, most complaints first; one of several departments counts for each."""
    name: Callable[[str], Name] = rows.names(info.name).value
    groups: dict[str, list[ComplaintRow]] = {}
    for row in found:
        value = getattr(row, key)
        for part in value.split("\u3001") if key == "department" and value else [value]:
            groups.setdefault(i18n.text(name(part)) if part else _("未填写"), []).append(row)
    return sorted((_tally(group, label) for label, group in groups.items()), key=lambda tally: -tally.received)


def _bars(tallies: Sequence[Tally]) -> list[tuple[str, int, str, Any]]:
    return [(tally.label, tally.received, "", None) for tally in tallies[:_BARS]]
