"""The commands of `fac lab`."""
