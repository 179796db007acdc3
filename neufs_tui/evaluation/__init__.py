"""What a few-shot set is worth: read, measured and told, without a screen."""
