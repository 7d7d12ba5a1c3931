// Distinguished names as text for people. Chains are built from the encoded names, never from this.
#pragma once

#include <string>

#include "stella/base/bytes.h"
#include "stella/base/error.h"

namespace stella::crypto {

// "O=sigstore.dev, CN=sigstore-intermediate". Characters that could move a terminal's cursor or break a line
// are escaped.
[[nodiscard]] Result<std::string> name_text(ByteView name_der);

// Whether `text` is printable: valid UTF-8 without control characters.
[[nodiscard]] bool is_printable(std::string_view text);

}  // namespace stella::crypto
