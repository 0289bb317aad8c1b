"""absengine: the open engine for IP-securitization ABS (知识产权证券化)."""

__version__ = "0.2.0"
