"""The annotator's loop without a terminal: what is decided, what is shown next, and why."""
