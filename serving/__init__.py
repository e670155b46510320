"""An API and a console where a person decides."""
