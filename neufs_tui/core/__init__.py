"""The method: values and arrays only; no UI, no database, no transformers."""
