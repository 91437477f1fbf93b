"""The compiled core of breakwater.matching; everything else is in pyproject.toml."""

from pathlib import Path

from pybind11.setup_helpers import ParallelCompile, Pybind11Extension
from setuptools import setup

CORE = Path("src/breakwater/matching/core")

ParallelCompile("NPY_NUM_BUILD_JOBS", default=0).install()

core = Pybind11Extension(
    "breakwater.matching._core",
    sorted(str(path) for path in CORE.glob("*.cpp")),
    depends=sorted(str(path) for path in CORE.glob("*.hpp")),
    extra_compile_args=["-O3", "-fno-math-errno", "-pthread"],
    extra_link_args=["-pthread"],
    cxx_std=17,
)

setup(ext_modules=[core])
