"""What stands below an answer of either kind: its tabs, exports, explanations."""
