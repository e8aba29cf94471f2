"""Claims: reading them as billers type them, and checking them."""
