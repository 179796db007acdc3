"""What numbers say, with their uncertainty: intervals, areas under curves, agreement."""
