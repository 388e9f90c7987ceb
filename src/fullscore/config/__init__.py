"""The one place that knows everything: settings, options, addresses, and the visible lists."""
