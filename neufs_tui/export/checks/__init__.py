"""What was exported, read again: by its schema, and by the library that it is for."""
