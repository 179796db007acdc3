"""Retrieval prompts: each text sees the labelled examples nearest to it."""
