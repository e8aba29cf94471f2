"""Finds ICD-10-PCS codes by operation, body part, approach and device."""
