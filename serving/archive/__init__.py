"""What is handed to the municipality's archive: decided cases as Noark 5 journal entries, in files (R-26)."""
