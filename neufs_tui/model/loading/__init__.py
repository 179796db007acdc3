"""Hub id, folder or GGUF file → a model that has proved to be read rightly."""
