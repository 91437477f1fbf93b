#include "kernels.hpp"
#define BREAKWATER_SET plain
#include "kernels_body.hpp"

namespace breakwater {
const Kernels kernels_plain = {
    "plain",
    {plain::search<1>, plain::search<2>, plain::search<4>, plain::search<8>},
    {plain::scan_plain<1>, plain::scan_plain<2>, plain::scan_plain<4>, plain::scan_plain<8>},
    plain::weigh_rows,
    plain::squares_plain,
    plain::near_heads_plain,
};
}  // namespace breakwater
