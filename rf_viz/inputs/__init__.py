"""What a model is fed: images and volumes, fitted to the size that it expects."""
