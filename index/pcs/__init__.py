"""Finds procedures in ICD-10-PCS by the values of their axes."""
