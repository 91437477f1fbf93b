// Exact digests: sorted rows, and a table of where each leading-bit prefix begins.
#include <algorithm>
#include <cstring>

#include "arrays.hpp"

namespace breakwater {
namespace {

using Bytes = Array<std::uint8_t>;

std::uint64_t leading(const std::uint8_t* digest) {
    std::uint64_t value;
    std::memcpy(&value, digest, 8);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    return value;
}

void check_digests(const Bytes& digests) {
    require(digests.ndim() == 2 && digests.shape(1) >= 8, "digests are rows of 8 or more bytes");
}

// order[n] sorts the rows; starts[distinct + 1] says where each distinct one begins in it.
py::tuple arrange_digests(const Bytes& digests) {
    check_digests(digests);
    const std::size_t count = digests.shape(0), width = digests.shape(1);
    require(count < 0xFFFFFFFFu, "one table holds fewer than 2^32 digests");
    std::vector<std::uint32_t> order(count), starts;
    {
        py::gil_scoped_release free;
        struct Key {
            std::uint64_t leading;
            std::uint32_t row;
        };
        const std::uint8_t* rows = digests.data();
        std::vector<Key> keys(count);
        for (std::size_t i = 0; i < count; ++i)
            keys[i] = {leading(rows + i * width), static_cast<std::uint32_t>(i)};
        const auto rest = [&](const Key& a, const Key& b) {
            return std::memcmp(rows + std::size_t{a.row} * width,
                               rows + std::size_t{b.row} * width, width);
        };
        std::sort(keys.begin(), keys.end(), [&](const Key& a, const Key& b) {
            if (a.leading != b.leading) return a.leading < b.leading;
            const int sign = rest(a, b);
            return sign != 0 ? sign < 0 : a.row < b.row;
        });
        for (std::size_t i = 0; i < count; ++i) {
            order[i] = keys[i].row;
            if (i == 0 || keys[i - 1].leading != keys[i].leading || rest(keys[i - 1], keys[i]))
                starts.push_back(static_cast<std::uint32_t>(i));
        }
        starts.push_back(static_cast<std::uint32_t>(count));
    }
    return py::make_tuple(given(std::move(order)), given(std::move(starts)));
}

void fill_prefixes(const Bytes& sorted, std::uint32_t bits, Array<std::uint32_t> offsets) {
    check_digests(sorted);
    require(bits >= 1 && bits <= 28, "a prefix has 1 to 28 bits");
    const std::size_t keys = std::size_t{1} << bits, count = sorted.shape(0),
                      width = sorted.shape(1);
    require(static_cast<std::size_t>(offsets.size()) == keys + 1,
            "a table has an offset for each prefix and one more");
    std::uint32_t* bounds = offsets.mutable_data();
    py::gil_scoped_release free;
    std::size_t next = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t prefix = leading(sorted.data() + i * width) >> (64 - bits);
        while (next <= prefix) bounds[next++] = static_cast<std::uint32_t>(i);
    }
    while (next <= keys) bounds[next++] = static_cast<std::uint32_t>(count);
}

// The row of each asked digest among the sorted ones, or -1.
py::array_t<std::int64_t> find_digests(const Bytes& sorted, const Array<std::uint32_t>& offsets,
                                       std::uint32_t bits, const Bytes& asked, int threads) {
    check_digests(sorted);
    require(asked.ndim() == 2 && asked.shape(1) == sorted.shape(1),
            "the digests asked for have another length than the table's");
    require(bits >= 1 && bits <= 28 &&
                static_cast<std::size_t>(offsets.size()) == (std::size_t{1} << bits) + 1,
            "a table has an offset for each prefix and one more");
    const std::size_t width = sorted.shape(1), count = sorted.shape(0), wanted = asked.shape(0);
    const std::uint8_t *rows = sorted.data(), *queries = asked.data();
    const std::uint32_t* bounds = offsets.data();
    std::vector<std::int64_t> found(wanted, -1);
    {
        py::gil_scoped_release free;
        in_parts(wanted, threads, [&](std::size_t first, std::size_t last, std::size_t) {
            constexpr std::size_t together = 32;
            std::uint32_t from[together], to[together];
            for (std::size_t i = first; i < last; i += together) {
                const std::size_t n = std::min(together, last - i);
                for (std::size_t k = 0; k < n; ++k) {
                    const std::uint64_t prefix =
                        leading(queries + (i + k) * width) >> (64 - bits);
                    from[k] = static_cast<std::uint32_t>(prefix);
                    __builtin_prefetch(bounds + prefix);
                }
                for (std::size_t k = 0; k < n; ++k) {
                    to[k] = bounds[from[k] + 1];
                    from[k] = bounds[from[k]];
                    if (to[k] > count || from[k] > to[k])
                        throw std::runtime_error(
                            "the index is damaged: a prefix points outside of it");
                    __builtin_prefetch(rows + std::size_t{from[k]} * width);
                }
                for (std::size_t k = 0; k < n; ++k) {
                    const std::uint8_t* query = queries + (i + k) * width;
                    std::uint32_t low = from[k], high = to[k];
                    while (low < high) {
                        const std::uint32_t middle = low + (high - low) / 2;
                        const int sign =
                            std::memcmp(rows + std::size_t{middle} * width, query, width);
                        if (sign == 0) {
                            found[i + k] = middle;
                            break;
                        }
                        if (sign < 0) low = middle + 1;
                        else high = middle;
                    }
                }
            }
        });
    }
    return given(std::move(found));
}

}  // namespace

void bind_digests(py::module_& module) {
    module.def("arrange_digests", &arrange_digests, py::arg("digests").noconvert());
    module.def("fill_prefixes", &fill_prefixes, py::arg("digests").noconvert(), py::arg("bits"),
               py::arg("offsets").noconvert());
    module.def("find_digests", &find_digests, py::arg("digests").noconvert(),
               py::arg("offsets").noconvert(), py::arg("bits"), py::arg("asked").noconvert(),
               py::arg("threads") = 1);
}

}  // namespace breakwater
