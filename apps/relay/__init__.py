"""API tokens, dialects, the call pipeline, channels and upstreams."""
