"""What runs in the browser and serves several components, and how Python hands it over."""
