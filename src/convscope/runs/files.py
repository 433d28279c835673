"""Every file name of a run folder, and of the folder of a comparison, once."""

CONFIG = "config.toml"
WEIGHTS = "model.safetensors"
STATE = "last"
STEPS = "steps.csv"
EPOCHS = "epochs.csv"
SPLIT = "split.csv"
PREDICTIONS = "predictions.csv"
METRICS = "metrics.json"
ENVIRONMENT = "env.json"
EXPLANATION_CHECKS = "explanation_checks.json"
REPORT = "report.html"
FIGURES = "figures"

SERIES = "series.toml"  # in the folder that holds the runs of a series
COMPARISON = "comparison"  # .html, .csv and .json
