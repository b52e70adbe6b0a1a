"""Parts of the presentation: one thing a screen, for a room to look at."""
