"""Calendar periods of reports: month, quarter, year, and what they are divided into."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask_babel import gettext as _

from web import forms, i18n

KINDS = ("month", "quarter", "year")
_WRITTEN = re.compile(r"(\d{4})(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?")
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Period:
    """A month, quarter or year of the organisation's zone."""

    kind: str
    first: date

    @property
    def until(self) -> date:
        """The first day after it."""
        return _add(self.first, _MONTHS[self.kind])

    @property
    def begins(self) -> datetime:
        """Its first instant."""
        return _instant(self.first)

    @property
    def ends(self) -> datetime:
        """The first instant after it."""
        return _instant(self.until)

    @property
    def before(self) -> Period:
        """The period before."""
        return Period(self.kind, _add(self.first, -_MONTHS[self.kind]))

    @property
    def after(self) -> Period:
        """The period after."""
        return Period(self.kind, self.until)

    @property
    def written(self) -> str:
        """As it stands in addresses: 2026, 2026-Q4, 2026-11."""
        if self.kind == "year":
            return f"{self.first.year}"
        return f"{self.first:%Y-%m}" if self.kind == "month" else f"{self.first.year}-Q{self.first.month // 3 + 1}"

    @property
    def name(self) -> str:
        """As people call it."""
        year, month = self.first.year, self.first.month
        if self.kind == "year":
            return _("%(year)d 年", year=year)
        if self.kind == "quarter":
            return _("%(year)d 年第 %(n)d 季度", year=year, n=month // 3 + 1)
        return f"{self.first:%B %Y}" if i18n.language() == "en" else _("%(year)d 年 %(n)d 月", year=year, n=month)

    def parts(self) -> list[tuple[str, datetime, datetime]]:
        """Days of a month, weeks of a quarter, months of a year: label, beginning, end."""
        found, day = [], self.first
        while day < self.until:
            if self.kind == "year":
                end = _add(day, 1)
            else:
                end = day + timedelta(days=1 if self.kind == "month" else 7 - day.weekday())
            end = min(end, self.until)
            label = _month(day) if self.kind == "year" else i18n.format_date(day, weekday=False)
            found.append((label, _instant(day), _instant(end)))
            day = end
        return found


def period_of(kind: str, written: str) -> Period:
    """The period of an address; the present one when nothing (or nonsense) is written."""
    kind = kind if kind in KINDS else "month"
    today = forms.local_now().date()
    match = _WRITTEN.fullmatch(written)
    year, quarter, month = (int(part) if part else None for part in match.groups()) if match else (None, None, None)
    day = today if not year or not 2000 <= year < 3000 else date(year, month or (quarter or 1) * 3 - 2, 1)
    start = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}[kind]
    return Period(kind, date(day.year, start, 1))


def _month(day: date) -> str:
    return f"{day:%b}" if i18n.language() == "en" else _("%(n)d 月", n=day.month)


def _add(first: date, months: int) -> date:
    index = first.year * 12 + first.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def _instant(day: date) -> datetime:
    return datetime.combine(day, time(), forms.zone())
