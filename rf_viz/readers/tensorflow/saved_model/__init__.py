"""SavedModels: a folder, or an archive of one, with its checkpoint."""
