"""Announcements: written by the secretariat, confirmed by staff, watched until everybody has been reached."""
