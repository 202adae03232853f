"""What can be said of a diagram by itself: references are only as good as the files beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.checks.expressions import check_expressions
from engine.checks.flow import check_flow
from engine.checks.references import check_elements, check_files
from engine.checks.starts import check_starts
from engine.packs import Pack
from engine.playing.examples import EXAMPLE, example
from engine.runtime.model import JOBS, Finding, Process
from engine.topics import TOPICS


def check_lone(pack: Pack, file: str) -> Iterator[Finding]:
    """Findings about the executable processes of ``file`` in what ``read_beside`` made of it."""
    for process in pack.processes.values():
        if process.file != file or not process.executable:
            continue
        yield from check_flow(process)
        yield from check_elements(pack, process)
        yield from check_expressions(process)
        yield from check_starts(pack, process)
        for finding in check_files(pack, process):
            yield replace(finding, severity="warning")
        yield from _jobs(process)
        yield from _examples(process)


def _jobs(process: Process) -> Iterator[Finding]:
    for element in process.walk():
        if element.type in JOBS and not element.topic:
            yield Finding(
                "warning",
                process.file,
                element.id,
                f"“{element.label}”没有服务类型（taskDefinition），不会做任何事；请在建模工具中填写",
                f"“{element.label}” has no topic (taskDefinition) and will do nothing; fill it in in the modeller",
            )
        elif element.topic and element.topic not in TOPICS and not element.topic.startswith("="):
            yield Finding(
                "info",
                process.file,
                element.id,
                f"服务类型“{element.topic}”由外部程序完成，只看这个文件无法核对",
                f"the topic “{element.topic}” is worked on elsewhere; this file alone cannot tell whether it exists",
            )


def _examples(process: Process) -> Iterator[Finding]:
    for element in process.walk():
        if EXAMPLE in element.properties and example(element) is None:
            yield Finding(
                "warning",
                process.file,
                element.id,
                f"“{element.label}”的示例数据（{EXAMPLE}）不是 JSON 对象，试走时不会使用；请在建模工具中更正",
                f"the example output ({EXAMPLE}) of “{element.label}” is no JSON object and will not be used; correct it in the modeller",
            )
