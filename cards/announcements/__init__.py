"""The cards of announcements: writing, previewing, watching, reading and confirming."""
