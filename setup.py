"""The compiled cores of breakwater.formats and breakwater.matching; all else is in pyproject.toml."""

from pathlib import Path

from pybind11.setup_helpers import ParallelCompile, Pybind11Extension
from setuptools import setup

SOURCE = Path("src")

ParallelCompile("NPY_NUM_BUILD_JOBS", default=0).install()


def core(room: str) -> Pybind11Extension:
    folder = SOURCE / "breakwater" / room / "core"
    return Pybind11Extension(
        f"breakwater.{room}._core",
        sorted(str(path) for path in folder.glob("*.cpp")),
        depends=sorted(str(path) for path in folder.glob("*.hpp")),
        extra_compile_args=["-O3", "-fno-math-errno", "-pthread"],
        extra_link_args=["-pthread"],
        cxx_std=17,
    )


setup(ext_modules=[core("formats"), core("matching")])
