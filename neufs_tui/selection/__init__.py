"""How the next examples are chosen from neuron sets, difficulty and decisions."""
