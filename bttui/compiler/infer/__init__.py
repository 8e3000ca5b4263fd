"""The type pass: from what is written to what it is."""
