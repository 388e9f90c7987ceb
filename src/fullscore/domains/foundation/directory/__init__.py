"""People, teams and memberships over time. Everything that has an owner points here."""
