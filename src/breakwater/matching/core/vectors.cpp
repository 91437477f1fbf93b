// Vectors of bytes, such as the PhotoDNA values that others supply: squared Euclidean distance.
#include "arrays.hpp"
#include "kernels.hpp"

namespace breakwater {
namespace {

using Bytes = Array<std::uint8_t>;

py::tuple near_vectors(const Bytes& known, const Bytes& asked, std::uint32_t limit, int threads) {
    require(known.ndim() == 2 && asked.ndim() == 2 && known.shape(1) == asked.shape(1),
            "the values asked for have another length than the known ones");
    require(known.shape(1) <= 4096, "a value has at most 4096 bytes");
    const std::size_t count = known.shape(0), wanted = asked.shape(0), width = known.shape(1);
    std::vector<std::int64_t> splits(wanted + 1, 0);
    std::vector<std::uint32_t> rows, distances;
    {
        py::gil_scoped_release free;
        const Kernels& kernels = best_kernels();
        const std::size_t parts = static_cast<std::size_t>(std::max(threads, 1));
        std::vector<std::vector<std::uint32_t>> near(parts), far(parts);
        in_parts(wanted, threads, [&](std::size_t first, std::size_t last, std::size_t part) {
            for (std::size_t q = first; q < last; ++q)
                for (std::size_t i = 0; i < count; ++i) {
                    const std::uint32_t distance = kernels.squares(
                        known.data() + i * width, asked.data() + q * width, width);
                    if (distance > limit) continue;
                    near[part].push_back(static_cast<std::uint32_t>(i));
                    far[part].push_back(distance);
                    ++splits[q + 1];
                }
        });
        for (std::size_t q = 0; q < wanted; ++q) splits[q + 1] += splits[q];
        for (std::size_t part = 0; part < parts; ++part) {
            rows.insert(rows.end(), near[part].begin(), near[part].end());
            distances.insert(distances.end(), far[part].begin(), far[part].end());
        }
    }
    return py::make_tuple(given(std::move(splits)), given(std::move(rows)),
                          given(std::move(distances)));
}

}  // namespace

void bind_vectors(py::module_& module) {
    module.def("near_vectors", &near_vectors, py::arg("known").noconvert(),
               py::arg("asked").noconvert(), py::arg("limit"), py::arg("threads") = 1);
}

}  // namespace breakwater
