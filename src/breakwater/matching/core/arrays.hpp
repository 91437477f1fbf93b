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

// Hands a vector to NumPy without copying it.
template <typename T>
py::array_t<T> given(std::vector<T>&& values) {
    auto* kept = new std::vector<T>(std::move(values));
    py::capsule owner(kept, [](void* p) { delete static_cast<std::vector<T>*>(p); });
    return py::array_t<T>(static_cast<py::ssize_t>(kept->size()), kept->data(), owner);
}

// Words in memory that begins where a line of the cache does.
class AlignedLines {
  public:
    explicit AlignedLines(std::size_t words = 0)
        : words_(words),
          data_(words ? static_cast<std::uint32_t*>(::operator new(words * 4, alignment))
                      : nullptr) {
        std::fill_n(data_.get(), words, 0u);
    }
    std::uint32_t* data() { return data_.get(); }
    // Hands the words to NumPy without copying them.
    py::array_t<std::uint32_t> given() && {
        std::uint32_t* words = data_.release();
        py::capsule owner(words ? static_cast<void*>(words) : &empty, [](void* p) {
            if (p != &empty) ::operator delete(p, alignment);
        });
        return py::array_t<std::uint32_t>(static_cast<py::ssize_t>(words_),
                                          words ? words : &empty, owner);
    }

  private:
    static constexpr std::align_val_t alignment{64};
    static inline std::uint32_t empty = 0;
    struct Free {
        void operator()(std::uint32_t* p) const { ::operator delete(p, alignment); }
    };
    std::size_t words_;
    std::unique_ptr<std::uint32_t, Free> data_;
};

inline void require(bool holds, const char* sentence) {
    if (!holds) throw std::invalid_argument(sentence);
}

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
