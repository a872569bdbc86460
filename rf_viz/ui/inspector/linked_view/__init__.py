"""The image and the feature map side by side, with what each cell sees."""
