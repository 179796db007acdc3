"""The terminal program: the only home of Textual. No model code and no SQL in here."""
