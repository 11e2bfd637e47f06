"""Episodes over a network: OpenEnv environments (`openenv`) and the server behind the web page (`web`)."""
