"""What one step of a training does; the loop knows neither optimiser nor loss."""
