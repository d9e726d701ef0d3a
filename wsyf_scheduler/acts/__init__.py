"""What a person does, one file a verb: `act(app, now, …) -> Outcome`. No act imports another."""
