// Vectors of bytes, such as the PhotoDNA values that others supply: squared Euclidean distance.
#include "arrays.hpp"
#include "kernels.hpp"

namespace breakwater {
namespace {

using Bytes = Array<std::uint8_t>;
// Rows whose heads stay in the nearest caches while one query after the other passes over them.
constexpr std::size_t block = 1024;

struct Pair {
    std::uint32_t asked, row, distance;
};

// Heads are some of a vector's bytes: where they alone are too far apart, so are the vectors.
void compare(const Bytes& known, const Bytes& known_heads, const Bytes& asked,
             const Bytes& asked_heads, std::uint32_t limit, std::size_t first, std::size_t last,
             const Kernels& kernels, std::vector<Pair>& found) {
    const std::size_t count = known.shape(0), width = known.shape(1);
    std::vector<std::uint32_t> rows(block);
    for (std::size_t begin = 0; begin < count; begin += block)
        for (std::size_t q = first; q < last; ++q) {
            const std::size_t likely = kernels.near_heads(
                known_heads.data() + begin * head_bytes, std::min(block, count - begin),
                asked_heads.data() + q * head_bytes, limit, rows.data());
            for (std::size_t i = 0; i < likely; ++i) {
                const std::size_t row = begin + rows[i];
                const std::uint32_t distance = kernels.squares(known.data() + row * width,
                                                               asked.data() + q * width, width);
                if (distance <= limit)
                    found.push_back({static_cast<std::uint32_t>(q), static_cast<std::uint32_t>(row),
                                     distance});
            }
        }
}

py::tuple near_vectors(const Bytes& known, const Bytes& known_heads, const Bytes& asked,
                       const Bytes& asked_heads, std::uint32_t limit, int threads,
                       const std::string& kernels) {
    require(known.ndim() == 2 && asked.ndim() == 2 && known.shape(1) == asked.shape(1),
            "the values asked for have another length than the known ones");
    require(known.shape(1) <= 4096, "a value has at most 4096 bytes");
    require(limit <= 0x7fffffff, "a distance is below 2^31");
    for (const auto& [heads, values] :
         {std::pair{&known_heads, &known}, std::pair{&asked_heads, &asked}})
        require(heads->ndim() == 2 && heads->shape(0) == values->shape(0) &&
                    heads->shape(1) == static_cast<py::ssize_t>(head_bytes),
                "each value has a head of 32 bytes");
    const Kernels& chosen = kernels_for(kernels);
    const std::size_t wanted = asked.shape(0);
    std::vector<std::int64_t> splits(wanted + 1, 0);
    std::vector<std::uint32_t> rows, distances;
    {
        py::gil_scoped_release free;
        std::vector<std::vector<Pair>> found(static_cast<std::size_t>(std::max(threads, 1)));
        in_parts(wanted, threads, [&](std::size_t first, std::size_t last, std::size_t part) {
            compare(known, known_heads, asked, asked_heads, limit, first, last, chosen,
                    found[part]);
        });
        for (const auto& part : found)
            for (const Pair& pair : part) ++splits[pair.asked + 1];
        for (std::size_t q = 0; q < wanted; ++q) splits[q + 1] += splits[q];
        rows.resize(splits[wanted]);
        distances.resize(splits[wanted]);
        std::vector<std::int64_t> next(splits.begin(), splits.end() - 1);
        for (const auto& part : found)
            for (const Pair& pair : part) {
                const std::int64_t place = next[pair.asked]++;
                rows[place] = pair.row;
                distances[place] = pair.distance;
            }
    }
    return py::make_tuple(given(std::move(splits)), given(std::move(rows)),
                          given(std::move(distances)));
}

}  // namespace

void bind_vectors(py::module_& module) {
    module.def("near_vectors", &near_vectors, py::arg("known").noconvert(),
               py::arg("known_heads").noconvert(), py::arg("asked").noconvert(),
               py::arg("asked_heads").noconvert(), py::arg("limit"),
               py::arg("threads") = 1, py::arg("kernels") = "");
}

}  // namespace breakwater
