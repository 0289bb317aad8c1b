"""Business days, day counts, date rules and index fixings: everything the engine knows about dates."""
