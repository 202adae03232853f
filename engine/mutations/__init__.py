"""Proof that a rule is enforced: take away what carries it, and see a scenario or a guarantee go red."""
