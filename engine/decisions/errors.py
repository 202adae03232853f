"""Errors of reading and evaluating decisions: each names the table, the rule, the column and the reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from engine.errors import EngineError
from engine.feel import FeelError

from .messages import Text


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is: a decision (or business knowledge model), and in a table the rule and the column."""

    file: str
    decision_id: str
    decision: str
    rule: int | None = None
    column: str | None = None

    def at(self, rule: int | None = None, column: str | None = None) -> Place:
        """The same decision, at a rule or a column."""
        return replace(self, rule=rule, column=column)

    def within(self, part: str) -> Place:
        """The same place, at a named part of a boxed expression."""
        return replace(self, column=part if self.column is None else f"{self.column} / {part}")

    def where(self) -> Text:
        """The rule and column in words; empty without them."""
        zh = (f"第 {self.rule} 条规则" if self.rule else "") + (f"“{self.column}”" if self.column else "")
        en = (f", rule {self.rule}" if self.rule else "") + (f", “{self.column}”" if self.column else "")
        return {"zh": zh, "en": en}


class DecisionError(EngineError):
    """A decision that cannot be taken; ``params`` holds file, decision_id, decision, rule, column and reason.

    ``standard`` is true when the standard gives null instead, as for a call of a function that does not exist.
    """

    code: ClassVar[str] = "decision"
    status: ClassVar[int] = 409
    zh: ClassVar[str] = "{file}：决策“{decision}”{where}——{reason}"
    en: ClassVar[str] = "{file}: decision “{decision}”{where} — {reason}"

    def __init__(self, place: Place, reason: Text, standard: bool = False) -> None:
        self.place = place
        self.standard = standard
        super().__init__(
            file=place.file,
            decision_id=place.decision_id,
            decision=place.decision,
            rule=place.rule,
            column=place.column,
            where=place.where(),
            reason=reason,
        )


def feel_text(error: FeelError) -> Text:
    """What the expression language says of an error, in both languages."""
    zh, en = getattr(error, "zh", None), getattr(error, "en", None)
    plain = str(error)
    return {"zh": zh() if callable(zh) else plain, "en": en() if callable(en) else plain}
