"""What was said about a pool: by flags, environment, files and the session of the last time."""
