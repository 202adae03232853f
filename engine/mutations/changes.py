"""Which changes prove which kind of rule."""

SPECIFIC = {
    "timer": frozenset(["no timer", "no limit", "passed", "row gone"]),
    "acl": frozenset(["anyone again", "another group", "in the open", "plain"]),
    "gate": frozenset(["unchecked", "optional", "no way", "gone", "row gone"]),
    "route": frozenset(["no way", "gone", "row gone", "another group", "no timer"]),
    "loop": frozenset(["no way", "once", "gone"]),
}
"""How a rule is carried -> the changes that can prove it, where the pack offers one of them."""
