"""Labels of a pack in Chinese (as the diagrams write them) and English (``locale/en.toml``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.runtime.model import Process
from engine.types import Name


class Names:
    """Looks up what to call elements, groups, fields, values and stages."""

    def __init__(
        self,
        manifest: Mapping[str, Any] | None = None,
        processes: Mapping[str, Process] | None = None,
        english: Mapping[str, Any] | None = None,
    ) -> None:
        self._manifest = manifest or {}
        self._english = english or {}
        self._elements: dict[tuple[str, str], str] = {}
        self._processes: dict[str, str] = {}
        for process in (processes or {}).values():
            self._processes[process.id] = process.name or process.id
            for element in process.walk():
                self._elements[process.id, element.id] = element.name or element.id
            for flow in process.walk_flows():
                self._elements[process.id, flow.id] = flow.name

    def _in(self, table: str, key: str) -> str:
        found = self._english.get(table)
        value = found.get(key) if isinstance(found, Mapping) else None
        return str(value) if value is not None else ""

    @property
    def title(self) -> Name:
        zh = str(self._manifest.get("title", ""))
        return Name(zh, self._in("pack", "title") or zh)

    def process(self, process_id: str) -> Name:
        zh = self._processes.get(process_id, process_id)
        return Name(zh, self._in("processes", process_id) or self._in("elements", process_id) or zh)

    def element(self, process_id: str, element_id: str) -> Name:
        zh = self._elements.get((process_id, element_id), element_id)
        en = self._in("elements", f"{process_id}.{element_id}") or self._in("elements", element_id)
        return Name(zh, en or zh)

    def group(self, group_id: str) -> Name:
        """``group_id`` with or without its pack prefix."""
        bare = group_id.split("/", 1)[-1]
        found = self._manifest.get("groups", {}).get(bare, {})
        zh = str(found.get("title", bare)) if isinstance(found, Mapping) else bare
        return Name(zh, self._in("groups", bare) or self._in("lanes", bare) or zh)

    def lane(self, lane: str) -> Name:
        return Name(lane, self._in("lanes", lane) or self._in("groups", lane) or lane)

    def field(self, key: str, form: str | None = None, label: str = "") -> Name:
        en = (self._in("fields", f"{form}.{key}") if form else "") or self._in("fields", key)
        return Name(label or key, en or label or key)

    def value(self, value: Any) -> Name:
        """A value as people read it: translated texts, 是/否, joined lists."""
        if isinstance(value, bool):
            return Name("是" if value else "否", "yes" if value else "no")
        if value is None:
            return Name("—", "—")
        if isinstance(value, list):
            parts = [self.value(v) for v in value]
            return Name("、".join(p.zh for p in parts), ", ".join(p.en for p in parts))
        zh = str(value)
        return Name(zh, self._in("values", zh) or self._in("groups", zh) or zh)

    def stage(self, stage: str) -> Name:
        return Name(stage, self._in("stages", stage) or self._in("values", stage) or stage)

    def message(self, name: str) -> Name:
        zh = str(self._manifest.get("messages", {}).get(name, name))
        return Name(zh, self._in("messages", name) or zh)

    def label(self, text: str) -> str:
        """The English of a Chinese label on a form (fields, help, values), for :meth:`engine.forms.Form.bind`."""
        for table in ("labels", "help", "fields", "values", "groups"):
            found = self._in(table, text)
            if found:
                return found
        return text
