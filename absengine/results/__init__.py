"""From recorded paths to what users read: measures, layers, the JSON document, stated checks, run folders."""
