"""The loop over a socket: OpenEnv environments (`gedanken.serve.openenv`) and the server behind the web page."""
