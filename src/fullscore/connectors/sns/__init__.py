"""What Amazon SNS delivers: alarms of CloudWatch, and anything else."""
