"""The web's process: people, plans and queue of the dashboard, and what it reads of the record."""
