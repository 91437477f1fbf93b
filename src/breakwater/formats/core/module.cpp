#include "core.hpp"

PYBIND11_MODULE(_core, module) {
    module.doc() = "The compiled loops of breakwater.formats.";
    breakwater::bind_punycode(module);
    breakwater::bind_sure_names(module);
    breakwater::bind_nesting(module);
}
