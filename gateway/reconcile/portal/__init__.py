"""What a portal image shows by itself: collimator, field, leaves, pickets, ball bearing."""
