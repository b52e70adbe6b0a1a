"""Does a feature matter for the task? Rubrics say what is asked, judges answer, a person's word wins."""
