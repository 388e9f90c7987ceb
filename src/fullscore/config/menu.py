"""The pages of the menu that are no lists, in order."""

from fullscore.interfaces.web.shell import Entry

ENTRIES: tuple[Entry, ...] = (
    Entry("Home", "/", "house"),
    Entry("My queue", "/queue", "list-checks"),
    Entry("Closed this week", "/closed", "check-check", "Watch", "findings.view_finding",
          "Findings"),
    Entry("Calendar", "/changes/calendar", "calendar-days", "Change", "changes.view_change",
          "Changes"),
    Entry("Explore", "/explore", "chart-column", "Telemetry", "telemetry.view_series"),
    Entry("Map", "/map", "network", "Estate", "estate.view_item"),
    Entry("What if", "/what-if", "workflow", "Estate", "estate.view_item", "Map"),
)  # fmt: skip
