// What the parts of the module share.
#pragma once
#include <pybind11/pybind11.h>

#include <string>
#include <string_view>

namespace breakwater {

namespace py = pybind11;

// ASCII letters as Python's text; others raise UnicodeDecodeError.
inline py::str text_of(std::string_view letters) {
    PyObject* made = PyUnicode_DecodeASCII(letters.data(),
                                           static_cast<Py_ssize_t>(letters.size()), nullptr);
    if (made == nullptr) throw py::error_already_set();
    return py::reinterpret_steal<py::str>(made);
}

// Any letters; pybind11 would take U+FEFF for a mark and drop it.
inline py::str text_of(std::u32string_view letters) {
    PyObject* made = PyUnicode_FromKindAndData(PyUnicode_4BYTE_KIND, letters.data(),
                                               static_cast<Py_ssize_t>(letters.size()));
    if (made == nullptr) throw py::error_already_set();
    return py::reinterpret_steal<py::str>(made);
}

// A text's letters, for as long as it lives.
inline std::string_view letters_of(py::handle text) {
    Py_ssize_t size = 0;
    const char* data = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
    if (data == nullptr) throw py::error_already_set();
    return {data, static_cast<std::size_t>(size)};
}

// Python's own answer to `text in names`.
inline bool holds(const py::object& names, const py::str& text) {
    const int found = PySequence_Contains(names.ptr(), text.ptr());
    if (found < 0) throw py::error_already_set();
    return found == 1;
}

// What stands above a name; empty where nothing does.
inline std::string_view above(std::string_view name) {
    const std::size_t dot = name.find('.');
    return dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
}

void bind_punycode(py::module_& module);
void bind_sure_names(py::module_& module);
void bind_nesting(py::module_& module);

}  // namespace breakwater
