// Letters outside ASCII written in ASCII (RFC 3492).
#pragma once
#include <string>
#include <string_view>

namespace breakwater {

// Adds the text to what is written, without the `xn--` that stands before it in a domain name.
void write_punycode(std::u32string_view text, std::string& written);

}  // namespace breakwater
