#include "arrays.hpp"

PYBIND11_MODULE(_core, module) {
    module.doc() = "The compiled loops of breakwater.matching.";
    breakwater::bind_radius(module);
    breakwater::bind_digests(module);
    breakwater::bind_pdq(module);
    breakwater::bind_vectors(module);
}
