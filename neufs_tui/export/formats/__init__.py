"""A module for each family of formats; each format is a pure function."""
