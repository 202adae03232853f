"""DMN decisions: tables, expressions and what they require, read from the files a DMN modeller writes.

``load_decisions`` reads a file once; the model then takes decisions for the values of a context and says which rules
fired. What is not understood is a finding, and a decision that contains it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from .errors import DecisionError
from .model import Decision, DecisionModel, DecisionResult, RuleView, TableView
from .reader import FileReader
from .session import FiredRule, Problem

__all__ = [
    "Decision",
    "DecisionError",
    "DecisionModel",
    "DecisionResult",
    "FiredRule",
    "Problem",
    "RuleView",
    "TableView",
    "load_decisions",
]


def load_decisions(
    content: bytes, file: str, imports: Mapping[str, DecisionModel] = MappingProxyType({})
) -> DecisionModel:
    """Read a DMN file; ``imports`` holds the other models of the pack by namespace.

    Raises ModelInvalid when the file is no readable DMN; everything else that is wrong is in the model's findings.
    """
    reader = FileReader(content, file, imports)
    model = reader.read()
    model.check = reader.check
    return model
