"""FOCUS: the common form in which clouds and others say what their services cost."""
