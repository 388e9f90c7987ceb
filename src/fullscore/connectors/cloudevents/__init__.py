"""Events in the form that clouds agreed on."""
