// One line of somebody's list, as far as it can be read without a doubt.
#pragma once
#include <string_view>

namespace breakwater {

enum class Kind { nothing, name, other };

struct Line {
    Kind kind;
    std::string_view name;  // as it stands there, with any octets above ASCII; no dot at its end
    bool is_ascii;
};

// Says that a line asks for nothing, or which name it asks to block, where no way to read a list
// differs. Nothing is said on lengths of labels, on A-labels and on what octets above ASCII mean.
Line read_line(std::string_view line);

}  // namespace breakwater
