"""How much time is left until a due date, in the units of its clock and in words."""

from dataclasses import dataclass
from datetime import datetime

from engine.calendars.clocks import Calendar, Due


@dataclass(frozen=True)
class Remaining:
    """Time left on a clock. ``seconds`` is signed; days, hours and minutes split its size, in days of that clock.

    ``overdue`` is told from the instants, so it is right at night too, when no working time passes.
    """

    seconds: float
    days: int
    hours: int
    minutes: int
    overdue: bool
    working: bool

    def text(self, language: str = "zh") -> str:
        """E.g. ``还剩 1 个工作日 3 小时``, ``2 h overdue``; minutes only on the last day."""
        amount = self._amount(language)
        zh = language == "zh"
        if not amount:
            if self.overdue:
                return "刚刚超时" if zh else "just overdue"
            return "即将到期" if zh else "due any moment"
        if self.overdue:
            return f"已超时 {amount}" if zh else f"{amount} overdue"
        return f"还剩 {amount}" if zh else f"{amount} left"

    def _amount(self, language: str) -> str:
        zh = language == "zh"
        parts = []
        if self.days:
            day = "working day" if self.working else "day"
            unit = "个工作日" if self.working else "天"
            parts.append(f"{self.days} {unit}" if zh else f"{self.days} {day}{'' if self.days == 1 else 's'}")
        if self.hours:
            parts.append(f"{self.hours} 小时" if zh else f"{self.hours} h")
        if self.minutes and not self.days:
            parts.append(f"{self.minutes} 分钟" if zh else f"{self.minutes} min")
        return " ".join(parts)


def remaining(due: Due | datetime, now: datetime, calendar: Calendar) -> Remaining:
    """What is left of ``due`` at ``now`` on ``calendar``. Raises CalendarError for naive instants."""
    at = due.at if isinstance(due, Due) else due
    seconds = calendar.working_seconds(now, at)
    days, rest = divmod(abs(seconds), calendar.day_seconds)
    return Remaining(
        seconds=seconds,
        days=int(days),
        hours=int(rest // 3600),
        minutes=int(rest % 3600 // 60),
        overdue=now > at,
        working=calendar.name != "calendar",
    )
