"""One module per group of commands, each with its parsers and its work; ``biosig.cli`` joins them."""
