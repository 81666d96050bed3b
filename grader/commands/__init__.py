"""The named commands, one a module. None imports more than click before it runs."""
