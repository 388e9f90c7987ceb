"""NetBox 3.3 and later, and Nautobot 2 and later: their REST interfaces and their exports."""
