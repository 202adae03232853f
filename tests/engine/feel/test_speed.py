"""A condition that was compiled before takes microseconds."""

import timeit

import pytest

from engine.feel import compile_expression, compile_unary_tests

CONTEXT = {"severity": "重大", "rounds": 2, "complaint": {"severity": "重大"}, **{f"v{i}": i for i in range(30)}}
RUNS = 2000


def best(run: object) -> float:
    """Microseconds per run, in the best of several rounds."""
    return min(timeit.repeat(run, number=RUNS, repeat=5)) / RUNS * 1e6  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        'severity = "重大" and rounds < 3',
        'complaint.severity = "重大"',
        "rounds in [1..5]",
        'severity in ("一般", "重大")',
    ],
)
def test_condition(text):
    expression = compile_expression(text)
    assert expression.evaluate(CONTEXT) is True
    assert best(lambda: expression.evaluate(CONTEXT)) < 20


def test_cell():
    cell = compile_unary_tests('"一般", "重大"')
    assert best(lambda: cell.matches("重大", CONTEXT)) < 20


def test_compiling_again_is_a_lookup():
    text = 'severity = "重大" and rounds < 3'
    compile_expression(text)
    assert best(lambda: compile_expression(text)) < 20
