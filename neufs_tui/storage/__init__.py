"""The only home of sqlite-utils, and of every file that is read or kept."""
