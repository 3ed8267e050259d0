"""What the services over HTTP and MCP share: who may ask, what is read, how an error is told."""
