"""What a report shows of classes: which were taken for which, thresholds, calibration, and the errors themselves."""
