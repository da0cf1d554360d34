"""The portal imager's forward model."""
