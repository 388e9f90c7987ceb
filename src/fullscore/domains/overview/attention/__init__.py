"""The ranked queue: what needs me now and what waiting costs."""
