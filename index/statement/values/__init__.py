"""Codes that follow from a value, an organism or its resistance."""
