"""What Nagios, Icinga 2 and their kin say in notifications."""
