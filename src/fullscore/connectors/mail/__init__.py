"""E-mail that comes in: fetched by IMAP, or handed over by a mail server; and read."""
