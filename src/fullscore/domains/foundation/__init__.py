"""The ground: people, things, access, findings, samples, and this installation itself."""
