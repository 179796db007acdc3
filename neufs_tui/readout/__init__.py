"""Labels read out of what the model holds of a text, learned from the annotator's own."""
