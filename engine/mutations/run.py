"""Runs the mutants of a pack."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor

from engine.check import check
from engine.config import Config
from engine.deployments import refused
from engine.errors import BadRequest
from engine.guarantees import Guarantee, broken_by_pack, read_guarantees
from engine.mutations.mutants import Mutant, mutants
from engine.mutations.proof import Verdict
from engine.packs import Pack, load_pack, with_file
from engine.rehearsal import Rehearsal
from engine.scenarios import Outcome, play, run_scenarios

MAX_WALKS = 8
"""Scenarios tried for one mutant: those that say most about it first, then the short ones."""
_LOOKS = {"no limit": "expect.due.", "another group": "expect.group.", "optional": "refused", "unchecked": "refused"}
"""Change -> what a scenario says that looks at it."""


def run_mutants(pack: Pack, config: Config) -> Iterator[Verdict]:
    """Judge every mutant of ``pack``, several at a time, in the order they end.

    Raises PackInvalid with the findings of a pack that cannot be deployed, and BadRequest naming the scenario when one is
    red without any change: then nothing could be proven.
    """
    report = check(pack)
    if not report.ok:
        raise refused(report)
    walks = [outcome for _, outcome in run_scenarios([pack], config)]
    for walk in walks:
        if not walk.ok:
            raise BadRequest(
                reason={
                    "zh": f"{pack.name}/{walk.file} 没有改动就已不符（{walk.problem_zh}），先改好它",
                    "en": f"{pack.name}/{walk.file} fails without any change ({walk.problem}); mend it first",
                }
            )
    with ProcessPoolExecutor(
        os.cpu_count(), initializer=_begin, initargs=(pack.files, pack.name, config, walks)
    ) as pool:
        yield from pool.map(_judge, mutants(pack), chunksize=4)


_WORK: tuple[Rehearsal, list[Guarantee], list[Outcome]]
"""What every judging process needs: the deployed pack, its promises, and how its scenarios go without a change."""


def _begin(files: Mapping[str, bytes], name: str, config: Config, walks: list[Outcome]) -> None:
    global _WORK
    pack = load_pack(files, name)
    _WORK = Rehearsal(pack, config), read_guarantees(pack)[0], walks


def _judge(mutant: Mutant) -> Verdict:
    rehearsal, guarantees, walks = _WORK
    pack = rehearsal.pack
    changed = _without_names(with_file(pack, mutant.path, mutant.content))
    problem = next((f"{f.file} {f.element or ''}: {f.en}" for f in changed.findings if f.severity == "error"), None)
    if problem is not None:
        return Verdict(mutant.place, mutant.change, mutant.rules, None, f"cannot be executed: {problem}")
    broken = next(broken_by_pack(changed, [g for g in guarantees if _concerns(g, changed, mutant)]), None)
    if broken is not None:
        return Verdict(mutant.place, mutant.change, mutant.rules, f"guarantees.toml#{broken[0].id}", broken[1])
    touching = [walk for walk in walks if _touches(pack, walk, mutant)]
    touching.sort(key=lambda walk: (-_says_much(pack, walk, mutant), walk.step))
    for walk in touching[:MAX_WALKS]:
        outcome = play(rehearsal, walk.file, changed)
        if not outcome.ok:
            return Verdict(mutant.place, mutant.change, mutant.rules, walk.file, outcome.problem[:200])
    tried = min(len(touching), MAX_WALKS)
    reason = f"{tried} of {len(touching)} scenarios that touch it stay green" if tried else "no scenario touches it"
    return Verdict(mutant.place, mutant.change, mutant.rules, None, reason)


def _concerns(guarantee: Guarantee, changed: Pack, mutant: Mutant) -> bool:
    """False for a promise about fields of other forms, which the mutant has left as they were."""
    forms = {name.partition(".")[0] for name in guarantee.elements("fields")}
    named = any(form.file == mutant.path for form_id, form in changed.forms.items() if form_id in forms)
    return guarantee.kind != "required" or named


def _without_names(changed: Pack) -> Pack:
    """The mutant without the lines of pack.toml that name what it has lost; else it could not be executed."""
    lost = [f.element for f in changed.findings if f.file == "pack.toml" and f.element]
    if not lost:
        return changed
    names = "|".join(re.escape(element) for element in lost)
    manifest = re.sub(rf'(?m)^"?(?:{names})"? *=.*$', "", changed.files["pack.toml"].decode("utf-8"))
    return load_pack({**changed.files, "pack.toml": manifest.encode()}, changed.name)


def _says_much(pack: Pack, walk: Outcome, mutant: Mutant) -> int:
    """How likely a scenario is to notice: it is about the rule, names the element, looks at what was changed."""
    text = pack.files[walk.file].decode("utf-8")
    looks = _LOOKS.get(mutant.change, "")
    places = [looks + element if looks.endswith(".") else element for element in mutant.elements]
    named = any(place in text for place in places)
    return 2 * bool(set(walk.clauses) & set(mutant.rules)) + 2 * named + (named and looks in text)


def _touches(pack: Pack, walk: Outcome, mutant: Mutant) -> bool:
    text = pack.files[walk.file].decode("utf-8")
    begun = {element for _, element in walk.run.reached}
    return bool((walk.passed | walk.run.fired | begun) & mutant.elements) or any(
        element in text for element in mutant.elements
    )
