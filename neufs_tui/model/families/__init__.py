"""What families of models do differently: where their FFNs are and what follows them."""
