"""One record per relayed call, its roll-ups and the request log. No message content, ever."""
