"""Numbers and events → sentences, for the screen and the commands alike."""
