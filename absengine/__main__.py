"""``python -m absengine``: the same as the ``absengine`` command."""

from absengine.cli import entry

entry()
