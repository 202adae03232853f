"""What a diagram that does not run holds, and what would stand in the way if it were made executable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lxml import etree

from engine import xml
from engine.check import Report
from engine.playing.words import TYPES
from engine.runtime.model import BPMN, Finding, Process
from engine.runtime.reader import Reader


def describe(report: Report, file: str, language: str) -> Iterator[str]:
    """Lines about the processes of ``file``, none of which is executable."""
    zh = language == "zh"
    own = [process for process in report.pack.processes.values() if process.file == file]
    if not own:
        yield from (finding.text(language) for finding in report.findings)
        return
    for process in own:
        yield from _process(process, zh)
    yield (
        "这张图只作说明，不会运行。要运行，请在建模工具中把流程设为可执行（isExecutable = true）"
        if zh
        else "This diagram describes and does not run. To run it, make the process executable in the modeller (isExecutable = true)"
    )
    hindrances = list(_judged(report.pack.files[file], file))
    if hindrances:
        yield "设为可执行后还须更正：" if zh else "Once it is executable, these would have to be corrected:"
    for finding in hindrances:
        yield f"  {finding.element or finding.file}: {finding.text(language)}"


def _process(process: Process, zh: bool) -> Iterator[str]:
    yield f"{process.name or process.id} [{process.id}]" + (f" · {process.pool}" if process.pool else "")
    if process.lanes:
        yield "  " + ("泳道：" if zh else "lanes: ") + ("、" if zh else ", ").join(process.lanes.values())
    counts = Counter(element.type for element in process.walk())
    listed = [f"{_type(kind, zh)} {count}" for kind, count in counts.items()]
    yield "  " + ("、" if zh else ", ").join(listed) if listed else ("  （空）" if zh else "  (empty)")


def _type(kind: str, zh: bool) -> str:
    name = TYPES[kind][1] if kind in TYPES else None
    return kind if name is None else name.zh if zh else name.en


def _judged(content: bytes, file: str) -> Iterator[Finding]:
    """What the reader would refuse."""
    root = xml.parse(content, file)
    for process in root.iterfind(f"{{{BPMN}}}process"):
        process.set("isExecutable", "true")
    return (f for f in Reader(etree.tostring(root), file).findings if f.severity == "error")
