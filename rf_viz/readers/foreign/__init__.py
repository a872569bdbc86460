"""What the files are that no reader takes: told by their content, nothing unpickled or run."""
