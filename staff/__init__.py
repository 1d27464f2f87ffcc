"""Who works here, and the house of their pages: roles, the second factor, what all admin pages have in common."""
