"""Tables: the one row schema, the SQLite store of finished blocks, and files in and out. No torch here."""
