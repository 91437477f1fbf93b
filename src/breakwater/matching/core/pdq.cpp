// PDQ from pixels. The reference blurs twice with a box along rows and columns and keeps 64 x 64
// of the result. All of that is linear and separable, so each kept row (column) is a short
// weighted sum of image rows (columns): the image is read once, and nothing of its size is written.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <unordered_map>

#include "arrays.hpp"
#include "kernels.hpp"

namespace breakwater {
namespace {

constexpr std::size_t side = 64, kept = 16, least_dimension = 5;
constexpr float luma[4] = {0.299f, 0.587f, 0.114f, 0.0f};

struct Band {
    std::size_t first;
    std::vector<float> weights;
};
using Bands = std::vector<Band>;

// What one box pass of the reference averages for output i: its window is cut at the edges.
std::pair<std::size_t, std::size_t> window_of(std::size_t i, std::size_t length) {
    const std::size_t window = (length + 2 * side - 1) / (2 * side);
    const std::size_t right = i + (window + 2) / 2;
    return {right > window ? right - window : 0, std::min(length, right)};
}

Bands bands_for(std::size_t length) {
    Bands bands;
    for (std::size_t out = 0; out < side; ++out) {
        const auto centre = static_cast<std::size_t>(
            (static_cast<double>(out) + 0.5) * static_cast<double>(length) / side);
        const auto [first, last] = window_of(centre, length);
        const std::size_t from = window_of(first, length).first;
        std::vector<double> sum(window_of(last - 1, length).second - from, 0.0);
        for (std::size_t middle = first; middle < last; ++middle) {
            const auto [low, high] = window_of(middle, length);
            const double weight =
                1.0 / static_cast<double>(last - first) / static_cast<double>(high - low);
            for (std::size_t i = low; i < high; ++i) sum[i - from] += weight;
        }
        bands.push_back({from, std::vector<float>(sum.begin(), sum.end())});
    }
    return bands;
}

// Photographs come in few sizes; a thread remembers the last ones.
const Bands& remembered_bands(std::size_t length) {
    thread_local std::unordered_map<std::size_t, Bands> known;
    if (known.size() > 64) known.clear();
    auto found = known.find(length);
    if (found == known.end()) found = known.emplace(length, bands_for(length)).first;
    return found->second;
}

using Square = float[side][side];
using Frequencies = float[kept][kept];

void reduce(const std::uint8_t* image, std::size_t rows, std::size_t columns,
            std::size_t channels, const Kernels& kernels, Square& out) {
    const Bands bands_down = remembered_bands(rows);
    const Bands& bands_across = remembered_bands(columns);
    const std::size_t stride = columns * channels;
    std::vector<float> sums(stride);
    for (std::size_t i = 0; i < side; ++i) {
        const Band& band = bands_down[i];
        kernels.weigh_rows(image + band.first * stride, stride, band.weights.data(),
                           band.weights.size(), stride, sums.data());
        for (std::size_t j = 0; j < side; ++j) {
            const Band& across = bands_across[j];
            float parts[4] = {0, 0, 0, 0};
            const float* from = sums.data() + across.first * channels;
            for (std::size_t k = 0; k < across.weights.size(); ++k, from += channels)
                for (std::size_t c = 0; c < channels; ++c)
                    parts[c] += across.weights[k] * from[c];
            out[i][j] = channels == 1
                            ? parts[0]
                            : luma[0] * parts[0] + luma[1] * parts[1] + luma[2] * parts[2];
        }
    }
}

int quality_of(const Square& square) {
    int gradients = 0;
    for (std::size_t i = 0; i < side; ++i)
        for (std::size_t j = 0; j < side; ++j) {
            if (i + 1 < side)
                gradients +=
                    std::abs(static_cast<int>((square[i][j] - square[i + 1][j]) * 100 / 255));
            if (j + 1 < side)
                gradients +=
                    std::abs(static_cast<int>((square[i][j] - square[i][j + 1]) * 100 / 255));
        }
    return std::min(gradients / 90, 100);
}

struct Cosines {
    float row[kept][side];
    float column[side][kept];
    Cosines() {
        const double pi = 3.14159265358979323846;
        const float scale = static_cast<float>(std::sqrt(2.0 / side));
        for (std::size_t i = 0; i < kept; ++i)
            for (std::size_t j = 0; j < side; ++j)
                column[j][i] = row[i][j] = static_cast<float>(
                    scale * std::cos(pi / 2.0 / side * static_cast<double>(i + 1) *
                                     static_cast<double>(2 * j + 1)));
    }
};

// The terms of each sum come in the reference's order, so that rounding differs as little as may be.
void transform(const Square& square, Frequencies& out) {
    static const Cosines cosines;
    float half[kept][side] = {};
    for (std::size_t i = 0; i < kept; ++i)
        for (std::size_t k = 0; k < side; ++k)
            for (std::size_t j = 0; j < side; ++j)
                half[i][j] += cosines.row[i][k] * square[k][j];
    std::memset(&out, 0, sizeof(out));
    for (std::size_t i = 0; i < kept; ++i)
        for (std::size_t k = 0; k < side; ++k)
            for (std::size_t j = 0; j < kept; ++j)
                out[i][j] += half[i][k] * cosines.column[k][j];
}

// Bit 255 of the hash is the highest frequency; it stands first in the text form.
void bits_of(const Frequencies& values, std::uint8_t* hash) {
    float sorted[kept * kept];
    std::memcpy(sorted, &values, sizeof(sorted));
    std::nth_element(sorted, sorted + 127, sorted + kept * kept);
    const float median = sorted[127];
    std::memset(hash, 0, 32);
    for (std::size_t k = 0; k < kept * kept; ++k)
        if (values[k / kept][k % kept] > median)
            hash[31 - k / 8] = static_cast<std::uint8_t>(hash[31 - k / 8] | 1u << (k % 8));
}

// Turning and mirroring a picture flips signs of its frequencies and swaps their axes. In order:
// as it is, turned by 90, 180, 270 degrees, mirrored in x, in y, in one diagonal, in the other.

float turned(const Frequencies& values, int turn, std::size_t i, std::size_t j) {
    const bool odd_i = i & 1, odd_j = j & 1;
    switch (turn) {
        case 1: return odd_i ? values[j][i] : -values[j][i];
        case 2: return odd_i != odd_j ? -values[i][j] : values[i][j];
        case 3: return odd_j ? values[j][i] : -values[j][i];
        case 4: return odd_i ? values[i][j] : -values[i][j];
        case 5: return odd_j ? values[i][j] : -values[i][j];
        case 6: return values[j][i];
        case 7: return odd_i != odd_j ? -values[j][i] : values[j][i];
        default: return values[i][j];
    }
}

py::tuple pdq(const Array<std::uint8_t>& image, bool all_turns, const std::string& kernels) {
    require(image.ndim() == 2 || image.ndim() == 3, "an image is rows x columns [x channels]");
    const std::size_t rows = image.shape(0), columns = image.shape(1),
                      channels = image.ndim() == 3 ? image.shape(2) : 1;
    require(channels == 1 || channels == 3 || channels == 4,
            "an image has 1, 3 or 4 channels; the fourth is left out");
    const Kernels& chosen = kernels_for(kernels);
    const std::size_t turns = all_turns ? 8 : 1;
    py::array_t<std::uint8_t> hashes({turns, std::size_t{32}});
    std::memset(hashes.mutable_data(), 0, turns * 32);
    int quality = 0;
    if (rows >= least_dimension && columns >= least_dimension) {
        std::uint8_t* out = hashes.mutable_data();
        py::gil_scoped_release free;
        Square square;
        Frequencies values, other;
        reduce(image.data(), rows, columns, channels, chosen, square);
        quality = quality_of(square);
        transform(square, values);
        for (std::size_t turn = 0; turn < turns; ++turn) {
            for (std::size_t i = 0; i < kept; ++i)
                for (std::size_t j = 0; j < kept; ++j)
                    other[i][j] = turned(values, static_cast<int>(turn), i, j);
            bits_of(other, out + 32 * turn);
        }
    }
    return py::make_tuple(hashes, quality);
}

}  // namespace

void bind_pdq(py::module_& module) {
    module.def("pdq", &pdq, py::arg("image").noconvert(), py::arg("all_turns") = false,
               py::arg("kernels") = "");
}

}  // namespace breakwater
