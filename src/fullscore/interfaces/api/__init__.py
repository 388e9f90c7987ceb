"""REST and OpenAPI, derived from the same resources as the pages."""
