"""What is read off a traced network: growth, coverage, findings, records, categories."""
