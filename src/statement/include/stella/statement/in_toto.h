// in-toto Statements: which artifacts (subjects) a claim (predicate) is about.
// Source: github.com/in-toto/attestation, spec/v1/statement.md; v0.1 is read, v1 read and written.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "stella/base/bytes.h"
#include "stella/base/digest.h"
#include "stella/base/error.h"
#include "stella/base/json.h"

namespace stella::statement {

inline constexpr std::string_view kStatementTypeV1 = "https://in-toto.io/Statement/v1";
inline constexpr std::string_view kStatementTypeV01 = "https://in-toto.io/Statement/v0.1";

inline constexpr std::size_t kSubjectsMax = 1024;  // same bound as sigstore-go
inline constexpr std::size_t kDigestsPerSubjectMax = 32;

// Algorithm name ("sha256", "gitCommit" …) to value. Values of algorithms with "sha" in front are lower-case
// hex.
using DigestSet = std::map<std::string, std::string, std::less<>>;

struct Subject {
  std::string name{};  // empty if there is none
  DigestSet digests{};

  friend bool operator==(const Subject&, const Subject&) = default;
};

enum class StatementVersion { kV01, kV1 };

struct Statement {
  StatementVersion version = StatementVersion::kV1;
  std::vector<Subject> subjects{};  // at least one
  std::string predicate_type{};     // a URI, never empty
  json::Value predicate{};          // an object; null if there is none

  friend bool operator==(const Statement&, const Statement&) = default;
};

// Errors: kCorrupt with the JSON path; kUnsupported for another `_type`; kLimitExceeded.
[[nodiscard]] Result<Statement> parse_statement(ByteView payload);
[[nodiscard]] Result<Statement> statement_from_json(const json::Value& value);

// The statement as v1, to be signed in its canonical form (RFC 8785).
[[nodiscard]] json::Value to_json(const Statement& statement);

// The first subject whose SHA-256 is `digest`; null if there is none. Valid as long as `statement` is.
[[nodiscard]] const Subject* find_subject(const Statement& statement, const Digest& digest);

// A member of JSON objects like in-toto's DigestSet; `where` is its JSON path. Errors: kCorrupt,
// kLimitExceeded.
[[nodiscard]] Result<DigestSet> digest_set_from_json(const json::Value& value, const std::string& where);

}  // namespace stella::statement
