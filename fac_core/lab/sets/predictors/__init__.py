"""What a training set may be measured by before anything learns from it, and the controls that each has to beat."""
