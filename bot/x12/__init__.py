"""Claims and remittances in ASC X12, reduced to what the desk checks."""
