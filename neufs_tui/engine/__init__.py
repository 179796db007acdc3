"""The process that owns the model: its protocol, its loop and its client."""
