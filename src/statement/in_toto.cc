#include "stella/statement/in_toto.h"

#include <algorithm>

#include "stella/base/json_view.h"

namespace stella::statement {
namespace {

bool is_lower_hex(std::string_view text) {
  return !text.empty() && text.size() % 2 == 0 &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<Subject> subject_from_json(const json::View& view) {
  Subject subject;
  STELLA_TRY(const auto name, view.find("name"));
  if (name) {
    STELLA_TRY(subject.name, name->string());
  }
  STELLA_TRY(const json::View digest, view.at("digest"));
  STELLA_TRY(subject.digests, digest_set_from_json(digest.value(), digest.path()));
  if (subject.digests.empty()) return digest.fail("a subject has no digest", "at least one");
  return subject;
}

}  // namespace

Result<DigestSet> digest_set_from_json(const json::Value& value, const std::string& where) {
  STELLA_TRY(const auto members, json::View(value, where).members(kDigestsPerSubjectMax));
  DigestSet digests;
  for (const auto& [algorithm, view] : members) {
    STELLA_TRY(std::string digest, view.text());
    // Comparing digests as text is sound only if each has one text.
    if (algorithm.starts_with("sha") && !is_lower_hex(digest)) {
      return view.fail("not a digest", "hex digits in lower case", digest.substr(0, 80));
    }
    if (algorithm == "sha256" && digest.size() != 64) {
      return view.fail("not a SHA-256 digest", "64 hex digits", digest.substr(0, 80));
    }
    digests.emplace(algorithm, std::move(digest));
  }
  return digests;
}

Result<Statement> parse_statement(ByteView payload) {
  STELLA_TRY(const json::Value value, json::parse(as_text(payload)));
  return statement_from_json(value);
}

Result<Statement> statement_from_json(const json::Value& value) {
  const json::View root(value);
  Statement statement;
  STELLA_TRY(const json::View type, root.at("_type"));
  STELLA_TRY(const std::string type_text, type.text());
  if (type_text == kStatementTypeV1) {
    statement.version = StatementVersion::kV1;
  } else if (type_text == kStatementTypeV01) {
    statement.version = StatementVersion::kV01;
  } else {
    return type.fail("not a version of the in-toto Statement that is known here",
                     std::string(kStatementTypeV1) + " or " + std::string(kStatementTypeV01), type_text,
                     ErrorCode::kUnsupported);
  }

  STELLA_TRY(const json::View subjects, root.at("subject"));
  STELLA_TRY(const auto elements, subjects.elements(kSubjectsMax));
  if (elements.empty())
    return subjects.fail("the statement is about nothing", "at least one subject", "none");
  for (const json::View& element : elements) {
    STELLA_TRY(Subject subject, subject_from_json(element));
    statement.subjects.push_back(std::move(subject));
  }
  STELLA_TRY(const json::View predicate_type, root.at("predicateType"));
  STELLA_TRY(statement.predicate_type, predicate_type.text());
  STELLA_TRY(const auto predicate, root.find("predicate"));
  if (predicate) {
    if (predicate->value().object() == nullptr) {
      return predicate->fail("a JSON value has another type", "an object",
                             std::string(json::type_name(predicate->value())));
    }
    statement.predicate = predicate->value();
  }
  return statement;
}

json::Value to_json(const Statement& statement) {
  json::Array subjects;
  for (const Subject& subject : statement.subjects) {
    json::Object digests;
    for (const auto& [algorithm, digest] : subject.digests) digests.emplace(algorithm, digest);
    json::Object object{{"digest", std::move(digests)}};
    if (!subject.name.empty()) object.emplace("name", subject.name);
    subjects.emplace_back(std::move(object));
  }
  json::Object object{{"_type", kStatementTypeV1},
                      {"predicateType", statement.predicate_type},
                      {"subject", std::move(subjects)}};
  if (!statement.predicate.is_null()) object.emplace("predicate", statement.predicate);
  return object;
}

const Subject* find_subject(const Statement& statement, const Digest& digest) {
  const std::string hex = to_hex(digest.view());
  for (const Subject& subject : statement.subjects) {
    const auto found = subject.digests.find("sha256");
    if (found != subject.digests.end() && found->second == hex) return &subject;
  }
  return nullptr;
}

}  // namespace stella::statement
