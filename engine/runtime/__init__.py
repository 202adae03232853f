"""Executing diagrams: the only package that knows SpiffWorkflow."""

from SpiffWorkflow.task import Task

__all__ = ["Task"]
