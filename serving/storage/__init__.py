"""The database: its tables, its schema's versions, and who may write when."""
