"""Who may do what, where several people share one dashboard: roles, the owner's list of people, what a role confines."""
