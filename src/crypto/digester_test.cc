#include "stella/crypto/digester.h"

#include <gtest/gtest.h>

namespace stella::crypto {
namespace {

TEST(Digester, GivesTheDigestOfAllPieces) {
  for (const Hash hash : {Hash::kSha256, Hash::kSha384, Hash::kSha512}) {
    Digester digester(hash);
    digester.update(as_bytes("a"));
    digester.update({});
    digester.update(as_bytes("bc"));
    const Bytes found = digester.finish();
    EXPECT_EQ(found, digest(hash, as_bytes("abc")));
    EXPECT_EQ(found.size(), size_bytes(hash));
  }
}

}  // namespace
}  // namespace stella::crypto
