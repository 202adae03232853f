"""Every text exists in both languages and takes the same parameters."""

from __future__ import annotations

from string import Formatter

import pytest

from engine.decisions.messages import TEXTS, say


def parameters(template):
    return {name for _, name, _, _ in Formatter().parse(template) if name}


@pytest.mark.parametrize("code", TEXTS)
def test_both_languages(code):
    zh, en = TEXTS[code]
    assert zh
    assert en
    assert parameters(zh) == parameters(en)
    assert all(ord(c) < 0x2E80 for c in en)


def test_parameters_may_be_in_both_languages():
    reason = say("gap", example={"zh": "甲", "en": "one"})
    assert "甲" in reason["zh"]
    assert "one" in reason["en"]
