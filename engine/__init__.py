"""The workflow service behind Redress."""
