"""What pyproject.toml cannot say: the folder `data/` is `fac_core/data/` in whatever is installed."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["fac_core*", "dashboard*"]), "fac_core.data"],
    package_dir={"fac_core.data": "data"},
)
