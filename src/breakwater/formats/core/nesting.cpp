// Which names of a set stand below another one.
#include "core.hpp"

namespace breakwater {
namespace {

bool is_below(std::string_view name, const py::set& names) {
    for (name = above(name); !name.empty(); name = above(name))
        if (holds(names, text_of(name))) return true;
    return false;
}

}  // namespace

void bind_nesting(py::module_& module) {
    module.def("below", [](const py::set& names) {
        py::list found;
        for (const py::handle name : names)
            if (is_below(letters_of(name), names)) found.append(name);
        return found;
    });
}

}  // namespace breakwater
