"""What needs me now, ranked by what waiting costs; the first page everybody opens."""
