"""Inventories as files: tables with any headings, one YAML file of a site, GraphML. All pure."""
