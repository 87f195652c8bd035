"""The Teams app package: filled, checked offline, and written whole or not at all."""
