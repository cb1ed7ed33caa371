"""What became of forecasts and orders: realised accuracy, service and cost, and demand that forecasts missed."""
