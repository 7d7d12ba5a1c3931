// Bodies of log entries: each that is read has a signature and a verifier, and exactly the digests of its
// kind; the body that a v2 log would make of it reads as the same.
#include <cstdlib>

#include "stella/tlog/entry.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stella;
  using namespace stella::tlog;
  const auto entry = parse_entry({data, size});
  if (!entry) return 0;
  const bool is_record =
      entry->kind == EntryKind::kHashedRekordV001 || entry->kind == EntryKind::kHashedRekordV002;
  if (is_record != entry->digest.has_value() || is_record == entry->payload_sha256.has_value()) std::abort();
  if (entry->signatures.empty() || entry->signatures[0].signature.empty()) std::abort();
  if (entry->kind == EntryKind::kHashedRekordV002) {
    const auto again = parse_entry(as_bytes(hashedrekord_v002_body(*entry->digest, entry->signatures[0])));
    if (!again || again->digest != entry->digest || again->signatures != entry->signatures) std::abort();
  }
  return 0;
}
