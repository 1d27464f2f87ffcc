"""What an operator sees first: figures read off the database, each defined in words where it is counted."""
