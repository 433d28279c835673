"""What a report shows of numbers: predicted against true, how far off and in which direction, the worst examples."""
