"""The labelled set, written in the formats other tools read."""
