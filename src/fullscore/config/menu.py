"""The pages of the menu that are no lists, in order."""

from fullscore.interfaces.web.shell import Entry

ENTRIES: tuple[Entry, ...] = (
    Entry("Home", "/", "house"),
    Entry("My queue", "/queue", "list-checks"),
    Entry("Closed this week", "/closed", "check-check", "Watch", "findings.view_finding",
          "Findings"),
    Entry("Calendar", "/changes/calendar", "calendar-days", "Change", "changes.view_change",
          "Changes"),
    Entry("Patching", "/patching", "package-check", "Change", "patching.view_baseline", "Changes"),
    Entry("On call", "/on-call", "phone-call", "Respond", "oncall.view_schedule"),
    Entry("My shifts", "/my-shifts", "square-check", "Respond", "oncall.view_schedule",
          "On call"),
    Entry("Fairness", "/fairness", "scale", "Respond", "oncall.view_schedule", "On call"),
    Entry("Explore", "/explore", "chart-column", "Telemetry", "telemetry.view_series"),
    Entry("Dashboards", "/dashboards", "layout-dashboard", "Telemetry", "telemetry.view_series",
          "Explore"),
    Entry("Sample store", "/store", "database", "Telemetry", "telemetry.view_storagerule",
          "Metrics"),
    Entry("Map", "/map", "network", "Estate", "estate.view_item"),
    Entry("What if", "/what-if", "workflow", "Estate", "estate.view_item", "Map"),
)  # fmt: skip
