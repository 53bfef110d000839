"""Parts of the running daemon, each made from its sections of the configuration; `edge.app` puts them together."""
