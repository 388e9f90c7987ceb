"""Reading hosts over SSH: nothing is installed there, and only a trusted key is talked to."""
