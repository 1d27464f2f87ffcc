"""How dates are written where nobody says how: Django looks for a package for each language."""
