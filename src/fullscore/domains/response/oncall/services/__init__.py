"""What can be done with schedules, policies, ways to reach people, and escalations."""
