"""The routes of the API, by subject: each file holds a `router`, each function is one route."""
