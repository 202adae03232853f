"""The text component: a safe subset of Markdown as HTML. Inserted values are never read as Markdown or HTML."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

from engine.forms.expressions import render

_OPEN, _CLOSE = "\ue000", "\ue001"
_TOKEN = re.compile(f"{_OPEN}(\\d{{1,6}}){_CLOSE}")
_SCHEMES = ("http://", "https://", "mailto:", "tel:", "/")
_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_BULLET = re.compile(r"[-*+]\s+(.*)")
_NUMBERED = re.compile(r"\d{1,9}[.)]\s+(.*)")
_RULE = re.compile(r"(-{3,}|\*{3,}|_{3,})\s*")
_INLINE = re.compile(
    r"`(?P<code>[^`\n]{1,500})`"
    r"|\[(?P<label>[^\[\]\n]{1,300})\]\((?P<url>[^()\s]{1,500})\)"
    r"|\*\*(?P<strong>[^*\n]{1,500})\*\*"
    r"|\*(?P<em>[^*\s][^*\n]{0,500})\*"
)


def render_markup(text: str, scope: Mapping[str, Any], now: datetime | None) -> Markup:
    """HTML of a text component: headings, paragraphs, lists, quotes, rules, bold, italic, code and links."""
    values: list[str] = []

    def insert(value: str) -> str:
        values.append(value)
        return f"{_OPEN}{len(values) - 1}{_CLOSE}"

    plain = text.replace(_OPEN, "").replace(_CLOSE, "")
    source = render(plain, scope, now, insert)
    return Markup("\n").join(_blocks(source.replace("\r\n", "\n"), values))


def _blocks(source: str, values: list[str]) -> list[Markup]:
    blocks: list[Markup] = []
    for chunk in re.split(r"\n[ \t]*\n", source):
        group: list[str] = []
        kind = ""
        for line in chunk.split("\n"):
            found, body = _line(line.strip())
            if found != kind or found in ("rule", "h"):
                _close(blocks, kind, group, values)
                group, kind = [], found
            group.append(body)
        _close(blocks, kind, group, values)
    return blocks


def _line(line: str) -> tuple[str, str]:
    if match := _HEADING.fullmatch(line):
        return "h", f"{min(len(match[1]) + 2, 6)}{match[2]}"
    if _RULE.fullmatch(line):
        return "rule", ""
    for kind, pattern in (("ul", _BULLET), ("ol", _NUMBERED)):
        if match := pattern.fullmatch(line):
            return kind, match[1]
    if line.startswith(">"):
        return "blockquote", line[1:].strip()
    return "p", line


def _close(blocks: list[Markup], kind: str, lines: list[str], values: list[str]) -> None:
    shown = [_inline(line[1:] if kind == "h" else line, values) for line in lines]
    if kind == "rule":
        blocks.append(Markup("<hr>"))
    elif kind == "h":
        blocks.append(Markup("<h{0}>{1}</h{0}>").format(lines[0][0], shown[0]))
    elif kind in ("ul", "ol"):
        items = Markup("").join(Markup("<li>{}</li>").format(item) for item in shown)
        blocks.append(Markup("<{0}>{1}</{0}>").format(kind, items))
    elif any(shown):
        blocks.append(Markup("<{0}>{1}</{0}>").format(kind or "p", Markup("<br>").join(shown)))


def _inline(text: str, values: list[str]) -> Markup:
    out = Markup("")
    at = 0
    for match in _INLINE.finditer(text):
        out += _fill(text[at : match.start()], values) + _mark(match, values)
        at = match.end()
    return out + _fill(text[at:], values)


def _mark(match: re.Match[str], values: list[str]) -> Markup:
    if match["code"] is not None:
        return Markup("<code>{}</code>").format(_fill(match["code"], values))
    if match["strong"] is not None:
        return Markup("<strong>{}</strong>").format(_fill(match["strong"], values))
    if match["em"] is not None:
        return Markup("<em>{}</em>").format(_fill(match["em"], values))
    url = _TOKEN.sub(lambda token: values[int(token[1])], match["url"]).strip()
    label = _fill(match["label"], values)
    if not url.lower().startswith(_SCHEMES) or url.startswith("//") or re.search(r"[\s\\\x00-\x1f]", url):
        return label
    return Markup('<a href="{}" rel="noopener noreferrer">{}</a>').format(url, label)


def _fill(text: str, values: list[str]) -> Markup:
    """Escaped text with the inserted values, escaped too, and their line breaks kept."""
    out = Markup("")
    at = 0
    for token in _TOKEN.finditer(text):
        lines = [escape(line) for line in values[int(token[1])].splitlines()]
        out += escape(text[at : token.start()]) + Markup("<br>").join(lines)
        at = token.end()
    return out + escape(text[at:])
