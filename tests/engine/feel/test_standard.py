"""Every built-in function of the standard is there, with the parameter names of the standard."""

import pytest

from engine.feel import builtins

# DMN 1.3, tables 73 to 82, and what DMN 1.4 adds.
SIGNATURES = """
date(from) date(year, month, day) time(from) time(hour, minute, second, offset)
date and time(from) date and time(date, time) duration(from) years and months duration(from, to)
number(from, grouping separator, decimal separator) string(from) range(from)
not(negand)
substring(string, start position, length) string length(string) upper case(string) lower case(string)
substring before(string, match) substring after(string, match) contains(string, match)
starts with(string, match) ends with(string, match) matches(input, pattern, flags)
replace(input, pattern, replacement, flags) split(string, delimiter) string join(list, delimiter)
list contains(list, element) count(list) min(list) max(list) sum(list) mean(list) all(list) any(list)
sublist(list, start position, length) append(list, item) concatenate(list) insert before(list, position, newItem)
remove(list, position) reverse(list) index of(list, match) union(list) distinct values(list) flatten(list)
product(list) median(list) stddev(list) mode(list)
list replace(list, position, newItem) list replace(list, match, newItem)
decimal(n, scale) floor(n) floor(n, scale) ceiling(n) ceiling(n, scale) abs(n) modulo(dividend, divisor)
round up(n, scale) round down(n, scale) round half up(n, scale) round half down(n, scale)
sqrt(number) log(number) exp(number) odd(number) even(number)
is(value1, value2)
before(point1, point2) before(point, range) before(range, point) before(range1, range2)
after(point1, point2) after(point, range) after(range, point) after(range1, range2)
meets(range1, range2) met by(range1, range2) overlaps(range1, range2) overlaps before(range1, range2)
overlaps after(range1, range2) finishes(point, range) finishes(range1, range2) finished by(range, point)
finished by(range1, range2) includes(range, point) includes(range1, range2) during(point, range)
during(range1, range2) starts(point, range) starts(range1, range2) started by(range, point)
started by(range1, range2) coincides(point1, point2) coincides(range1, range2)
day of year(date) day of week(date) month of year(date) week of year(date)
sort(list, precedes) get value(m, key) get entries(m)
context(entries) context put(context, key, value) context put(context, keys, value) context merge(contexts)
now() today()
"""


def signatures():
    for text in SIGNATURES.replace("\n", " ").split(")")[:-1]:
        name, _, parameters = text.strip().partition("(")
        yield pytest.param(name, tuple(p.strip() for p in parameters.split(",") if p), id=text.strip() + ")")


@pytest.mark.parametrize(("name", "parameters"), list(signatures()))
def test_the_function_is_there(name, parameters):
    assert parameters in [tuple(p.name for p in form.parameters) for form in builtins.BUILTINS[name].forms]


def test_nothing_gives_another_value_the_second_time():
    """An evaluation can be repeated: chance and identities are not in the language here."""
    assert not {"uuid", "random number"} & builtins.BUILTINS.keys()
