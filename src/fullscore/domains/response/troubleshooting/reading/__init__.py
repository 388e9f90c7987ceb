"""What is read when something broke: who is near, what shifted, what happened before."""
