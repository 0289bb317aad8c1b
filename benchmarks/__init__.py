"""What the engine costs: ``python -m benchmarks`` prints one JSON document. Never part of the tests."""
