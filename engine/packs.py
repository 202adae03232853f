"""A process pack: the folder that carries one organisation's policy, read into one immutable value."""

from __future__ import annotations

import csv
import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine import common, xml
from engine.decisions import DecisionModel, load_decisions
from engine.errors import ModelInvalid, NotFound
from engine.forms import Form, FormError, load_form
from engine.names import Names
from engine.rules import Rule, read_rules
from engine.runtime.build import build
from engine.runtime.machine import Definitions
from engine.runtime.model import Finding, Process
from engine.runtime.reader import Reader

MAX_FILES = 500
MAX_BYTES = 20_000_000
MAX_ID = 128
KINDS = {"process": ("流程", "process"), "decision": ("决策", "decision"), "form": ("表单", "form")}
"""What elements bind to, in Chinese and English."""
MANIFEST = "pack.toml"
PROOF = "proof.json"
"""What ``redress mutate`` found, beside the pack."""
SUFFIXES = (".toml", ".bpmn", ".dmn", ".form", ".md", ".tsv")
_NAME = re.compile(r"^[a-z][a-z0-9_-]{0,62}$")


@dataclass
class Pack:
    """Everything a pack says, parsed once. ``findings`` hold what is wrong with it."""

    name: str
    files: Mapping[str, bytes]
    sha256: str
    manifest: Mapping[str, Any] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)
    forms: dict[str, Form] = field(default_factory=dict)
    decisions: dict[str, DecisionModel] = field(default_factory=dict)
    """decision id -> the model that holds it"""
    letters: dict[tuple[str, str], str] = field(default_factory=dict)
    """(name, language) -> Markdown template"""
    rules: tuple[Rule, ...] = ()
    names: Names = field(default_factory=Names)
    findings: list[Finding] = field(default_factory=list)
    definitions: Definitions = field(default_factory=Definitions)
    unread: bool = False
    """True where a problem of the whole kept its files from being read: ``findings`` name only that"""

    @property
    def entry(self) -> str:
        """Process id a complaint starts."""
        return str(self.manifest.get("entry", ""))

    @property
    def calendar(self) -> str:
        return str(self.manifest.get("calendar", "working"))

    @property
    def personal(self) -> tuple[str, ...]:
        return tuple(self.manifest.get("personal", ()))

    @property
    def groups(self) -> Mapping[str, Mapping[str, Any]]:
        groups: Mapping[str, Mapping[str, Any]] = self.manifest.get("groups", {})
        return groups

    @property
    def messages(self) -> Mapping[str, str]:
        messages: Mapping[str, str] = self.manifest.get("messages", {})
        return messages

    @property
    def topics(self) -> Mapping[str, str]:
        """Topics that something outside works on -> the webhook of config.toml that is told, empty for nobody."""
        return {str(topic): str(webhook) for topic, webhook in self.manifest.get("topics", {}).items()}

    def written(self, clauses: Iterable[str]) -> tuple[Rule, ...]:
        """The written rules ``clauses`` name; one that policy.tsv does not list keeps its bare id."""
        known = {rule.id: rule for rule in self.rules}
        return tuple(known.get(clause) or Rule(clause, "", "", "", "", "", "") for clause in dict.fromkeys(clauses))

    def lane_group(self, lane: str | None) -> str | None:
        """The group of a lane: what ``[lanes]`` says, else the lane's own name."""
        if lane is None:
            return None
        return str(self.manifest.get("lanes", {}).get(lane, lane))

    def files_complaints(self, process_id: str) -> bool:
        """True for the process whose instances are complaints: numbered, and entered in the ledger."""
        return process_id == self.entry and bool(self.manifest.get("numbering"))

    def bindable(self) -> Iterator[tuple[str, str, str]]:
        """(kind, name, version tag) of every process, decision and form an element can bind to."""
        for process in self.processes.values():
            if process.executable:
                yield "process", process.id, process.version_tag
        for decision_id, model in self.decisions.items():
            yield "decision", decision_id, model.decisions[decision_id].version_tag
        for form_id, form in self.forms.items():
            yield "form", form_id, form.version_tag

    def start_form(self) -> Form:
        """The intake form of the entry process."""
        for element in self.processes[self.entry].starts():
            if element.form_id and element.form_id in self.forms:
                return self.forms[element.form_id]
        raise NotFound(what={"zh": "受理表单", "en": "intake form"}, id=self.entry)

    def letter(self, name: str, language: str) -> str | None:
        return self.letters.get((name, language)) or self.letters.get((name, "zh"))


def read_folder(folder: Path) -> dict[str, bytes]:
    """The files of a pack folder by relative path, with the shared ones it names; samples and unknown types are left out.

    Reading ends where the pack has become too large to be accepted. Raises NotFound when there is no
    such folder or it holds no pack.toml.
    """
    if not folder.is_dir():
        raise common.no_folder(folder)
    if not (folder / "pack.toml").is_file():
        raise NotFound(what={"zh": "制度包（缺少 pack.toml）", "en": "process pack (no pack.toml)"}, id=str(folder))
    files: dict[str, bytes] = {}
    size = 0
    own = [(path.relative_to(folder).as_posix(), path) for path in sorted(folder.rglob("*"))]
    for relative, path in (*own, *common.shared_files(folder, (folder / "pack.toml").read_bytes())):
        if (
            path.is_file()
            and not path.is_symlink()
            and (path.suffix in SUFFIXES or relative == PROOF)
            and not common.bare(relative).startswith(("samples/", "imports/"))
        ):
            with path.open("rb") as stream:
                files[relative] = stream.read(MAX_BYTES + 1)
            size += len(files[relative])
            if size > MAX_BYTES or len(files) > MAX_FILES:
                break
    return files


def digest(files: Mapping[str, bytes]) -> str:
    """The content address of a pack: SHA-256 over all its files but the proof, which speaks about them."""
    total = hashlib.sha256()
    for path in sorted(files.keys() - {PROOF}):
        total.update(f"{path}\0{len(files[path])}\0".encode())
        total.update(files[path])
    return total.hexdigest()


def load_pack(files: Mapping[str, bytes], name: str | None = None) -> Pack:
    """Parse a pack. Never raises for what the files say: problems become findings."""
    pack = Pack(name=name or "?", files=dict(files), sha256=digest(files), unread=True)
    if len(files) > MAX_FILES:
        _problem(pack, "pack.toml", f"文件超过 {MAX_FILES} 个", f"there are more than {MAX_FILES} files")
        return pack
    if sum(map(len, files.values())) > MAX_BYTES:
        largest, limit = max(files, key=lambda path: len(files[path])), MAX_BYTES // 1_000_000
        _problem(pack, largest, f"制度包超过 {limit} MB", f"the pack is larger than {limit} MB")
        return pack
    if not _manifest(pack, files.get("pack.toml", b""), name):
        return pack
    pack.unread = False
    _models(pack, files)
    pack.findings.extend(common.give_properties(pack.processes, pack.forms, pack.manifest))
    _decisions(pack, files)
    _texts(pack, files)
    if not any(f.severity == "error" for f in pack.findings):
        pack.definitions = build(list(pack.processes.values()))
    return pack


def with_file(pack: Pack, path: str, content: bytes) -> Pack:
    """A faultless ``pack`` with other content in one file; what else it says is not parsed again where that can be.

    Never raises for what the content says: problems become findings.
    """
    files = {**pack.files, path: content}
    if not path.endswith((".bpmn", ".form", ".dmn")):
        return load_pack(files, pack.name)
    changed = replace(pack, files=files, sha256=digest(files), findings=[])
    if path.endswith(".form"):
        changed.forms = {form_id: form for form_id, form in pack.forms.items() if form.file != path}
        _models(changed, {path: content})
    elif path.endswith(".dmn"):
        changed.decisions = {}
        _decisions(changed, files)
    else:
        changed.processes = {}
        changed.forms = {form_id: form for form_id, form in pack.forms.items() if form.file.endswith(".form")}
        _models(changed, {p: c for p, c in files.items() if p.endswith(".bpmn")})
        changed.findings.extend(common.give_properties(changed.processes, changed.forms, pack.manifest))
        if not any(f.severity == "error" for f in changed.findings):
            changed.definitions = build(list(changed.processes.values()))
    return changed


def _problem(pack: Pack, file: str, zh: str, en: str, element: str | None = None) -> None:
    pack.findings.append(Finding("error", file, element, zh, en))


def _manifest(pack: Pack, content: bytes, name: str | None) -> bool:
    """Read pack.toml; False when the other files cannot be judged without what is wrong with it."""
    try:
        pack.manifest = tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        _problem(pack, "pack.toml", f"无法读取：{error}", f"cannot be read: {error}")
        return False
    pack.name = name or str(pack.manifest.get("name", "?"))
    if not _NAME.match(pack.name):
        _problem(
            pack,
            "pack.toml",
            f"名称“{pack.name}”只能用小写字母、数字、- 和 _",
            f"the name “{pack.name}” may only use lower-case letters, digits, - and _",
        )
    for key, kind in {
        "title": str,
        "entry": str,
        "groups": dict,
        "messages": dict,
        "numbering": dict,
        "archive": dict,
        "personal": list,
        "lanes": dict,
        "topics": dict,
        "common": list,
        "clauses": dict,
        "calendars": dict,
    }.items():
        value = pack.manifest.get(key)
        if key in ("title", "entry") and not value:
            _problem(pack, "pack.toml", f"缺少 {key}", f"{key} is missing")
        elif value is not None and not isinstance(value, kind):
            _problem(pack, "pack.toml", f"{key} 的写法不对", f"{key} has the wrong form")
            pack.manifest = {k: v for k, v in pack.manifest.items() if k != key}
    lacking = list(common.lacking(pack.manifest, pack.files))
    pack.findings.extend(lacking)
    for key in ("numbering", "archive"):
        pattern = str((pack.manifest.get(key) or {}).get("pattern", "{seq}"))
        if "{seq" not in pattern:
            _problem(
                pack,
                "pack.toml",
                f"编号规则“{pattern}”没有 {{seq}}，编号会重复",
                f"the number pattern “{pattern}” has no {{seq}}: numbers would repeat",
                key,
            )
    return not lacking


def _models(pack: Pack, files: Mapping[str, bytes]) -> None:
    for path in sorted(files):
        content = files[path]
        try:
            if path.endswith(".bpmn"):
                _diagram(pack, content, path)
            elif path.endswith(".form"):
                _form(pack, content, path, Path(path).stem, None)
        except ModelInvalid as error:
            pack.findings.append(unreadable(path, error))


def _form(pack: Pack, content: bytes, path: str, form_id: str, element: str | None) -> None:
    """Take a form, that of a file or one embedded in the diagram ``path`` as ``element``."""
    try:
        form = load_form(content, path)
    except FormError as error:
        pack.findings.append(Finding("error", path, element, error.zh, error.en))
        return
    if form_id in pack.forms:
        other = pack.forms[form_id].file
        _problem(
            pack, path, f"表单编号 {form_id} 与 {other} 重复", f"form id {form_id} also stands in {other}", form_id
        )
    pack.forms[form_id] = form
    findings = form.findings()
    pack.findings.extend(Finding(f.severity, path, element or f.component, f.zh, f.en) for f in findings)


def _decisions(pack: Pack, files: Mapping[str, bytes]) -> None:
    models, findings = read_tables(files)
    pack.findings.extend(findings)
    for model in models:
        for decision in model.decisions:
            if decision in pack.decisions:
                other = pack.decisions[decision].file
                _problem(
                    pack,
                    model.file,
                    f"决策编号 {decision} 与 {other} 重复",
                    f"decision id {decision} also stands in {other}",
                    decision,
                )
            pack.decisions[decision] = model


def read_tables(files: Mapping[str, bytes]) -> tuple[list[DecisionModel], list[Finding]]:
    """The DMN files among ``files``, imported ones before those that import them, and what is wrong with them."""
    waiting = {path: content for path, content in sorted(files.items()) if path.endswith(".dmn")}
    models: list[DecisionModel] = []
    findings: list[Finding] = []
    while waiting:
        ready = [
            p for p, content in waiting.items() if not _imports(content) & {_namespace(c) for c in waiting.values()}
        ]
        for path in ready or list(waiting):
            try:
                model = load_decisions(waiting.pop(path), path, {m.namespace: m for m in models})
            except ModelInvalid as error:
                findings.append(unreadable(path, error))
                continue
            models.append(model)
            findings.extend(model.findings)
    return models, findings


def unreadable(path: str, error: ModelInvalid) -> Finding:
    """The finding about a file that cannot be read."""
    element = str(error.params.get("element") or "-")
    return Finding("error", path, None if element == "-" else element, error.text("zh"), error.text("en"))


def _namespace(content: bytes) -> str:
    try:
        return str(xml.parse(content, "").get("namespace", ""))
    except ModelInvalid:
        return ""


def _imports(content: bytes) -> set[str]:
    try:
        root = xml.parse(content, "")
    except ModelInvalid:
        return set()
    return {str(e.get("namespace", "")) for e in root.iterfind("{*}import")} - {str(root.get("namespace", ""))}


def _diagram(pack: Pack, content: bytes, path: str) -> None:
    reader = Reader(content, path)
    pack.findings.extend(reader.findings)
    for process in reader.processes:
        if process.id in pack.processes:
            _problem(
                pack,
                path,
                f"流程编号 {process.id} 与 {pack.processes[process.id].file} 重复",
                f"process id {process.id} also stands in {pack.processes[process.id].file}",
                process.id,
            )
        pack.processes[process.id] = process
        for form_id, text in process.embedded_forms.items() if process.executable else ():
            _form(pack, text.encode(), path, form_id, form_id)
        for element in process.walk():
            if len(element.id) > MAX_ID:
                _problem(
                    pack,
                    path,
                    f"编号超过 {MAX_ID} 个字符",
                    f"the id has more than {MAX_ID} characters",
                    element.id[:MAX_ID],
                )


def _texts(pack: Pack, files: Mapping[str, bytes]) -> None:
    for path, content in files.items():
        try:
            if common.bare(path).startswith("letters/"):
                language = "en" if common.bare(path).startswith("letters/en/") else "zh"
                pack.letters[Path(path).stem, language] = content.decode("utf-8")
            elif path == "policy.tsv":
                pack.rules = read_rules(content.decode("utf-8"))
        except (UnicodeDecodeError, csv.Error) as error:
            _problem(pack, path, f"无法读取：{error}", f"cannot be read: {error}")
    try:
        pack.names = Names(pack.manifest, pack.processes, common.english(files))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        pack.names = Names(pack.manifest, pack.processes)
        _problem(pack, "locale/en.toml", f"无法读取：{error}", f"cannot be read: {error}")
