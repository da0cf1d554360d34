"""The dashboard's own database: sessions, plans, requests, commands, acknowledgements."""
