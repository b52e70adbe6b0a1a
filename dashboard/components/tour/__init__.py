"""The guided tour: the loop in two minutes, on the pages themselves."""
