"""Label, in a terminal, the few examples that make a local LLM best at your task."""

__version__ = "0.1.0"
