"""What is shown below a result of either task: tabs, exports, explanations."""
