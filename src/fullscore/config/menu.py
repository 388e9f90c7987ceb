"""The pages of the menu that are no lists, in order."""

from fullscore.interfaces.web.shell import Entry

ENTRIES: tuple[Entry, ...] = (
    Entry("Home", "/", "house"),
    Entry("My queue", "/queue", "list-checks"),
    Entry("Closed this week", "/closed", "check-check", "Now", "findings.view_finding"),
    Entry("Map", "/map", "network", "Estate", "estate.view_item"),
    Entry("What if", "/what-if", "git-branch", "Estate", "estate.view_item"),
)
