"""What is chosen in the sidebar: workspace and author, runs, definition and task, ranking."""
