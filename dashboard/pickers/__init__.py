"""What is chosen in the sidebar: workspace, runs, definition and task, ranking."""
