"""Pure functions over numpy arrays. Need nothing else of burnish but its errors."""
