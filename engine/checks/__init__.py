"""The parts of the check of a process pack, by subject."""
