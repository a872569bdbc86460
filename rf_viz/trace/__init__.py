"""From described tensors to a network whose cells know what they see."""
