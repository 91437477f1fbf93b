// NumPy arrays at the border: what the core takes and gives.
#pragma once
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <algorithm>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace breakwater {

namespace py = pybind11;

template <typename T>
using Array = py::array_t<T, py::array::c_style>;

// Hands a vector to NumPy without copying it, as an array of what its elements consist of.
template <typename Element, typename T = Element>
py::array_t<T> given(std::vector<Element>&& values) {
    auto* kept = new std::vector<Element>(std::move(values));
    py::capsule owner(kept, [](void* p) { delete static_cast<std::vector<Element>*>(p); });
    return py::array_t<T>(static_cast<py::ssize_t>(kept->size() * (sizeof(Element) / sizeof(T))),
                          reinterpret_cast<const T*>(kept->data()), owner);
}

inline void require(bool holds, const char* sentence) {
    if (!holds) throw std::invalid_argument(sentence);
}

struct Kernels;
// The kernels of that name, or the fastest where none is given. Throws std::invalid_argument.
const Kernels& kernels_for(const std::string& name);

// Runs work(first, last, part) over [0, count) in as many parts as threads, and gives the first
// failure back to the caller.
template <typename Work>
void in_parts(std::size_t count, int threads, Work work) {
    const std::size_t parts = std::max<std::size_t>(
        1, std::min<std::size_t>(count, threads > 0 ? static_cast<std::size_t>(threads) : 1));
    if (parts == 1) {
        work(std::size_t{0}, count, std::size_t{0});
        return;
    }
    std::vector<std::thread> running;
    std::vector<std::exception_ptr> failures(parts);
    for (std::size_t part = 0; part < parts; ++part)
        running.emplace_back([&, part] {
            try {
                work(count * part / parts, count * (part + 1) / parts, part);
            } catch (...) {
                failures[part] = std::current_exception();
            }
        });
    for (auto& thread : running) thread.join();
    for (auto& failure : failures)
        if (failure) std::rethrow_exception(failure);
}

void bind_radius(py::module_& module);
void bind_digests(py::module_& module);
void bind_pdq(py::module_& module);
void bind_vectors(py::module_& module);

}  // namespace breakwater
