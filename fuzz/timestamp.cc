// Timestamps from anywhere: no crash, no hang, and none that is over another message than its imprint says.
#include <cstdlib>

#include "stella/crypto/timestamp.h"

using namespace stella;
using namespace stella::crypto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto token = parse_timestamp({data, size});
  if (!token) return 0;
  if (token->imprint.size() != size_bytes(token->imprint_hash)) std::abort();
  if (token->time.nanoseconds < 0 || token->time.nanoseconds >= 1'000'000'000) std::abort();
  // Its own certificates as roots: the most that a stranger's token can hope for.
  if (verify_timestamp(*token, as_bytes("no such message"), {.roots = token->certificates})) std::abort();
  return 0;
}
