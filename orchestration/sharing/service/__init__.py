"""The HTTP service ``kho serve``: a wing of sharing, a module each for its tokens, workers, log and routes."""
