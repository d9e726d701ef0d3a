"""`wsyf demo`: the Gaoping plan lived through in a fresh folder, over real SMTP on loopback. Used by the cli alone."""
