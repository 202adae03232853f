"""Deadline arithmetic: calendars, due dates that explain themselves, remaining time in words. Instants are UTC."""

from engine.calendars.clocks import Calendar, Due, Duration, RoundTheClock, WorkingClock, WorkingHours
from engine.calendars.config import calendars_from_config
from engine.calendars.days import DaySource, PublishedYear, SkippedDay
from engine.calendars.durations import CalendarError, Span, format_timedelta, parse_span
from engine.calendars.explain import Explanation, moment, span_text
from engine.calendars.remaining import Remaining, remaining

__all__ = [
    "Calendar",
    "CalendarError",
    "DaySource",
    "Due",
    "Duration",
    "Explanation",
    "PublishedYear",
    "Remaining",
    "RoundTheClock",
    "SkippedDay",
    "Span",
    "WorkingClock",
    "WorkingHours",
    "calendars_from_config",
    "format_timedelta",
    "moment",
    "parse_span",
    "remaining",
    "span_text",
]
