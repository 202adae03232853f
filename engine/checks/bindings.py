"""Which version of a process, decision or form the elements take, and what that means for running complaints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.checks.expressions import possible
from engine.checks.report import error, info, warning
from engine.packs import KINDS, MAX_ID, Pack
from engine.runtime.model import Element, Finding, Process


def check_bindings(pack: Pack, process: Process) -> Iterator[Finding]:
    """Findings about the version bindings of ``process``."""
    carried = set(pack.bindable())
    there = {(kind, name) for kind, name, _ in carried}
    for element in process.walk():
        kind, text = _bound(element)
        if text is None:
            continue
        names = possible(text)
        if element.type == "startEvent":
            yield from _start(process, element, carried)
        elif element.binding == "latest" and (names is None or any((kind, name) in there for name in names)):
            zh, en = KINDS[kind]
            yield info(
                process,
                element.id,
                f"正在办理的投诉到这一步会用{zh}“{text}”的最新版本；要保持原来的版本，请把版本绑定（bindingType）设为 deployment",
                f"running complaints follow the newest version of the {en} “{text}”; set the binding type to deployment to keep theirs",
            )
        elif element.binding == "versionTag":
            yield from _tagged(process, element, kind, names or (), carried)


def check_sizes(pack: Pack) -> Iterator[Finding]:
    """Ids and version tags that are too long to be looked up."""
    for kind, name, tag in pack.bindable():
        for text in (name, tag):
            if len(text) > MAX_ID:
                zh, en = KINDS[kind]
                yield Finding(
                    "error",
                    "pack.toml",
                    name[:MAX_ID],
                    f"{zh}的编号或版本标签超过 {MAX_ID} 个字符",
                    f"the id or version tag of the {en} has more than {MAX_ID} characters",
                )


def _bound(element: Element) -> tuple[str, str | None]:
    """What the element takes by its binding: its kind, and the text that names it."""
    if element.type == "callActivity":
        return "process", element.called_process
    if element.type == "businessRuleTask" and not element.topic:
        return "decision", element.called_decision
    return "form", element.form_id


def _tagged(
    process: Process, element: Element, kind: str, names: Iterable[str], carried: set[tuple[str, str, str]]
) -> Iterator[Finding]:
    zh, en = KINDS[kind]
    for tag in possible(element.version_tag) or ():
        for name in names:
            if (kind, name, tag) not in carried:
                yield warning(
                    process,
                    element.id,
                    f"本制度包的{zh}“{name}”没有版本标签“{tag}”：除非已部署的版本带有它，否则流程走到这里会受阻",
                    f"the {en} “{name}” of this pack does not carry the version tag “{tag}”: unless a deployed version does, the process stops here",
                )


def _start(process: Process, element: Element, carried: set[tuple[str, str, str]]) -> Iterator[Finding]:
    """A complaint starts in the version in force, with the form of that version."""
    if element.binding == "versionTag" and ("form", element.form_id, element.version_tag) not in carried:
        yield error(
            process,
            element.id,
            f"受理表单总是取自生效的版本，它没有版本标签“{element.version_tag}”；请改为 deployment",
            f"a start form is always that of the version in force, which does not carry the tag “{element.version_tag}”; bind to deployment",
        )
