"""The HTTP API and the live view: FastAPI on what the application gives it, nothing of its own."""
