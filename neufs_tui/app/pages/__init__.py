"""What fills a whole area of the screen."""
