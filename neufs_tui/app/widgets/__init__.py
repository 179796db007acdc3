"""Widgets: each shows a value and says what the user did, and knows no store and no engine."""
