"""What a model learns from a set: toxicity, rewards, steering, instructions; frozen heads and adapters."""
