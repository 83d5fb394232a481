"""What a call costs: ours beside a bare forwarder, same upstream, same load, in one interleaved run."""
