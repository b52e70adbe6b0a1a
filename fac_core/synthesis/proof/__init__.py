"""Does a text do what it was written for? Read plainly, is it new, is it language, the verdict."""
