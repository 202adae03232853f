"""Files that use what other files hold: under a name, or without one as their own."""

from __future__ import annotations

import pytest

from engine.decisions import DecisionError

TYPE = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def imports(*spaces: str) -> str:
    return "".join(f'<import name="" namespace="{space}" importType="{TYPE}"/>' for space in spaces)


def says(dmn, name, text, *needs):
    return dmn.decision(f"d_{name}", dmn.literal(text), *needs, name=name)


@pytest.fixture
def files(dmn):
    """Loads files that import each other without names: {namespace: (imported namespaces, parts)}; gives the last."""

    def load(written):
        models = {}
        for space, (spaces, parts) in written.items():
            models[space] = dmn.load(imports(*spaces), *parts, namespace=space, imports=models, version="1.5")
        return models[space]

    return load


def test_what_is_imported_without_a_name_is_the_files_own(dmn, files):
    """6.3.3: requirements need no namespace for it, and it can be asked for."""
    library = [
        dmn.type("tShort", "string", allowed='"a","b"'),
        dmn.input_data("given"),
        says(dmn, "base", '"base"'),
        dmn.knowledge("k_twice", "twice", ["x"], dmn.literal("x + x")),
    ]
    own = [
        says(dmn, "own", "twice(base) + given", "d_base", "k_twice", "i_given"),
        dmn.decision("d_short", dmn.literal("given"), "i_given", type="tShort"),
    ]
    model = files({"urn:b": ([], library), "urn:a": (["urn:b"], own)})
    assert model.findings == ()
    assert model.evaluate("own", {"given": "!"}).value == "basebase!"
    assert model.evaluate("d_short", {"given": "a"}).value == "a"
    assert model.evaluate("d_short", {"given": "c"}, strict=False).value is None
    assert model.evaluate("base", {}).value == "base"
    assert model.evaluate("twice", {"x": 2}).value == 4


CHOICES = [
    ({"c": ([], True), "b": (["c"], True), "a": (["b"], False)}, "b"),
    ({"c": ([], True), "b": ([], True), "a": (["b", "c"], False)}, "b"),
    ({"c": ([], True), "b": ([], False), "a": (["b", "c"], False)}, "c"),
    ({"d": ([], True), "c": ([], True), "b": (["c"], False), "a": (["b", "d"], False)}, "c"),
    ({"d": ([], True), "c": ([], False), "b": (["c"], False), "a": (["b", "d"], False)}, "d"),
    ({"b": ([], True), "a": (["b"], True)}, "a"),
    ({"a": (["a"], True)}, "a"),
]


@pytest.mark.parametrize(("shape", "chosen"), CHOICES)
def test_the_nearest_of_equal_names_is_meant(dmn, files, shape, chosen):
    """A file's own elements first, then those of its imports, each with what it imports, in order."""
    written = {
        f"urn:{key}": ([f"urn:{name}" for name in names], [says(dmn, "it", f'"{key}"')] if holds else [])
        for key, (names, holds) in shape.items()
    }
    written["urn:a"][1].append(says(dmn, "asked", "it", "d_it"))
    model = files(written)
    assert model.findings == ()
    assert model.evaluate("asked", {}).value == chosen
    assert model.evaluate("it", {}).value == chosen


def test_a_reference_with_a_namespace_means_that_file(dmn, files):
    parts = {"urn:c": ([], [says(dmn, "it", '"c"')]), "urn:b": ([], [says(dmn, "it", '"b"')])}
    asked = says(dmn, "asked", "it", "urn:c#d_it")
    assert files(parts | {"urn:a": (["urn:b", "urn:c"], [asked])}).evaluate("asked", {}).value == "c"


def test_an_imported_element_is_asked_for_with_the_name_of_the_import(dmn):
    library = dmn.load(says(dmn, "greeting", '"hello"'), namespace="urn:lib")
    named = f'<import name="my lib" namespace="urn:lib" importType="{TYPE}"/>'
    model = dmn.load(named, imports={"urn:lib": library})
    assert model.evaluate("my lib.greeting", {}).value == "hello"
    with pytest.raises(DecisionError):
        model.evaluate("greeting", {})


def test_what_imports_without_a_name_passes_it_on_under_a_name(dmn, files):
    inner = files({"urn:c": ([], [says(dmn, "deep", '"deep"')]), "urn:b": (["urn:c"], [])})
    named = f'<import name="lib" namespace="urn:b" importType="{TYPE}"/>'
    asked = says(dmn, "asked", "lib.deep", "urn:b#d_deep")
    model = dmn.load(named, asked, imports={"urn:b": inner})
    assert model.findings == ()
    assert model.evaluate("asked", {}).value == "deep"


def test_what_an_import_holds_is_only_seen_when_required(dmn, files):
    model = files({"urn:b": ([], [dmn.input_data("secret")]), "urn:a": (["urn:b"], [says(dmn, "asked", "secret")])})
    assert model.evaluate("asked", {"secret": 1}).value is None
    assert any("secret" in finding.en for finding in model.findings if finding.severity == "error")
