#include <fmt/format.h>

#include "format.h"
#include "stella/attestation/identity.h"
#include "stella/base/base64.h"
#include "stella/crypto/timestamp.h"
#include "stella/report/attest.h"
#include "stella/statement/in_toto.h"

namespace stella::report {
namespace {

using attestation::Bundle;
using json::Array;
using json::Object;
using json::Value;

std::string name_kind(const crypto::SubjectAlternativeName& name) {
  return std::string(to_string(name.kind));
}

// One fact of a bundle, by the name that JSON and text both use. An object is a list of further facts.
Value certificate_facts(const crypto::Certificate& certificate, bool all) {
  const crypto::CertificateFields& fields = certificate.fields();
  Array names;
  for (const auto& name : fields.names)
    names.push_back(Object{{"kind", name_kind(name)}, {"value", name.value}});
  Object facts{{"issuer", fields.issuer},
               {"key", to_string(certificate.key().type())},
               {"names", std::move(names)},
               {"not_before", to_string(fields.not_before)},
               {"not_after", to_string(fields.not_after)},
               {"sha256", to_hex(certificate.id().view())}};
  Object extensions;
  if (const auto known = crypto::fulcio_extensions(certificate)) {
    for (const crypto::FulcioExtension& extension : *known) {
      extensions.insert_or_assign(std::string(extension.name), extension.value);
    }
  }
  facts.emplace("fulcio", std::move(extensions));
  if (all) {
    Array oids;
    for (const crypto::Extension& extension : fields.extensions) {
      oids.push_back(Object{{"oid", extension.oid}, {"critical", extension.critical}});
    }
    facts.emplace("extensions", std::move(oids));
    facts.emplace("subject", fields.subject);
    facts.emplace("serial", to_hex(fields.serial));
    facts.emplace("pem", certificate.to_pem());
  }
  return facts;
}

Value content_facts(const Bundle& bundle) {
  const statement::Envelope* envelope = bundle.envelope();
  if (envelope == nullptr) {
    const attestation::MessageSignature& signature = *bundle.message_signature();
    return Object{{"type", "file signature"},
                  {"hash", signature.hash ? Value(crypto::to_string(*signature.hash)) : Value()},
                  {"digest", to_hex(signature.digest)}};
  }
  Object facts{{"type", "DSSE envelope"}, {"payload_type", envelope->payload_type}};
  const auto statement = statement::parse_statement(envelope->payload);
  if (!statement) {
    facts.emplace("statement", "not readable: " + to_string(statement.error()));
    return facts;
  }
  facts.emplace("predicate_type", statement->predicate_type);
  Array subjects;
  for (const statement::Subject& subject : statement->subjects) {
    Object digests;
    for (const auto& [algorithm, digest] : subject.digests) digests.emplace(algorithm, digest);
    subjects.push_back(Object{{"name", subject.name}, {"digest", std::move(digests)}});
  }
  facts.emplace("subjects", std::move(subjects));
  return facts;
}

Value entry_facts(const attestation::LogEntry& entry, bool all) {
  Object facts{
      {"kind", entry.kind + " " + entry.version},
      {"log_index", std::to_string(entry.log_index)},
      {"log_id", to_hex(entry.log_id)},
      {"integrated_time",
       entry.integrated_time == 0 ? Value() : Value(to_string(Time{.seconds = entry.integrated_time}))},
      {"promise", entry.signed_entry_timestamp.has_value()},
      {"inclusion_proof", entry.inclusion_proof.has_value()}};
  if (all) {
    const auto body = json::parse(as_text(entry.body));
    facts.emplace("body", body ? *body : Value("not readable: " + to_string(body.error())));
    if (entry.inclusion_proof) {
      facts.emplace("tree_size", std::to_string(entry.inclusion_proof->tree_size));
      facts.emplace("root_hash", to_hex(entry.inclusion_proof->root_hash.view()));
      facts.emplace("checkpoint", entry.inclusion_proof->checkpoint);
    }
  }
  return facts;
}

Value timestamp_facts(ByteView der, bool all) {
  const auto token = crypto::parse_timestamp(der);
  if (!token) return Object{{"error", to_string(token.error())}};
  Object facts{{"time", to_string(token->time)}, {"certificates", token->certificates.size()}};
  if (all) {
    facts.emplace("policy", token->policy);
    facts.emplace("hash", crypto::to_string(token->imprint_hash));
    facts.emplace("imprint", to_hex(token->imprint));
    facts.emplace("serial", to_hex(token->serial));
    Array certificates;
    for (const crypto::Certificate& certificate : token->certificates) {
      certificates.push_back(Object{{"subject", certificate.fields().subject},
                                    {"not_before", to_string(certificate.fields().not_before)},
                                    {"not_after", to_string(certificate.fields().not_after)}});
    }
    facts.insert_or_assign("certificates", Value(std::move(certificates)));
  }
  return facts;
}

Value bundle_facts(const Bundle& bundle, const operations::AttestInspectOptions& options) {
  Object facts{{"version", attestation::to_string(bundle.version)}, {"content", content_facts(bundle)}};
  if (const crypto::Certificate* certificate = bundle.certificate()) {
    facts.emplace("certificate", certificate_facts(*certificate, options.show_certificate));
  } else {
    facts.emplace("key_hint", std::get<attestation::KeyHint>(bundle.signer).hint);
  }
  Array entries;
  for (const auto& entry : bundle.log_entries) entries.push_back(entry_facts(entry, options.show_entry));
  facts.emplace("log_entries", std::move(entries));
  Array timestamps;
  for (const Bytes& der : bundle.timestamps)
    timestamps.push_back(timestamp_facts(der, options.show_timestamps));
  facts.emplace("timestamps", std::move(timestamps));
  return facts;
}

std::string scalar(const Value& value) {
  if (const std::string* text = value.string()) return *text;
  if (const bool* truth = value.boolean()) return *truth ? "yes" : "no";
  if (const std::int64_t* integer = value.integer()) return fmt::format("{}", *integer);
  return value.is_null() ? "none" : json::canonical(value);
}

// Facts as an indented list; texts of several lines keep them.
void append_facts(std::string& out, const std::string& name, const Value& value, std::size_t indent) {
  const std::string margin(indent, ' ');
  if (const Object* object = value.object()) {
    out += margin + printable(name) + "\n";
    for (const auto& [key, member] : *object) append_facts(out, key, member, indent + 2);
  } else if (const Array* array = value.array(); array != nullptr && !array->empty()) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      append_facts(out, fmt::format("{} {}", name, i + 1), (*array)[i], indent);
    }
  } else {
    std::string text = array != nullptr ? "none" : scalar(value);
    const bool several = text.find('\n') != std::string::npos;
    out +=
        margin + fmt::format("{:<{}}", printable(name), several ? 0 : 30 - std::min<std::size_t>(indent, 20));
    if (!several) {
      out += " " + printable(text) + "\n";
      return;
    }
    out += "\n";
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      out += margin + "  " + printable(text.substr(0, end)) + "\n";
      text.erase(0, std::min(end + 1, text.size()));
    }
  }
}

}  // namespace

std::string text(const operations::AttestInspectResult& result, Style style) {
  std::string out =
      coloured("Unverified", Colour::kYellow, style) +
      fmt::format(": what {} claims; nothing of it has been checked\n", printable(result.bundle.string()));
  for (std::size_t i = 0; i < result.bundles.size(); ++i) {
    const Value facts = bundle_facts(result.bundles[i], result.options);
    append_facts(out, fmt::format("bundle {}", i + 1), facts, 0);
  }
  return out;
}

Value to_json(const operations::AttestInspectResult& result) {
  Array bundles;
  for (const Bundle& bundle : result.bundles) bundles.push_back(bundle_facts(bundle, result.options));
  return Object{{"verb", "attest inspect"},
                {"ok", true},
                {"verified", false},
                {"bundle", result.bundle.string()},
                {"bundles", std::move(bundles)}};
}

}  // namespace stella::report
