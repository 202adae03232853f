"""Regular expressions written by process owners: searched with a time limit, and tried out when a form is checked."""

from functools import lru_cache

import regex

MAX_PATTERN = 1_000
SEARCH_SECONDS = 0.2
_TRIAL_SECONDS = 0.05
_TRIALS = tuple(
    unit * 10_000 + tail for unit in ("a", "1", "中", " ", "a1", "-", "a@", "1.") for tail in ("", "!", "\n")
)


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> regex.Pattern[str]:
    """Compile as form-js would (Unicode). Raises regex.error for an invalid or overlong pattern."""
    if len(pattern) > MAX_PATTERN:
        raise regex.error(f"longer than {MAX_PATTERN} characters")
    try:
        return regex.compile(pattern, regex.V0)
    except (RecursionError, OverflowError, ValueError, KeyError, IndexError) as error:
        raise regex.error(str(error)) from error


def matches(pattern: str, text: str) -> bool | None:
    """Whether ``pattern`` is found in ``text``; None when that takes too long or the pattern is invalid."""
    try:
        return compile_pattern(pattern).search(text, timeout=SEARCH_SECONDS) is not None
    except (TimeoutError, regex.error, MemoryError):
        return None


def is_slow(pattern: str) -> bool:
    """Whether some text of ordinary length makes the pattern run away."""
    compiled = compile_pattern(pattern)
    literal = "".join(c for c in pattern if c.isalnum())[:20]
    trials = _TRIALS + ((literal * 200 + "!",) if literal else ())
    for trial in trials:
        try:
            compiled.search(trial, timeout=_TRIAL_SECONDS)
        except (TimeoutError, MemoryError):
            return True
    return False
