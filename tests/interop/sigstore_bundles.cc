// Our half of the exchange with sigstore-js (sigstore_js.sh).
//   sigstore_bundles write FOLDER                                          bundles, artifact and trusted root
//   of a Sigstore in memory sigstore_bundles verify ROOT IDENTITY ISSUER ARTIFACT BUNDLE…          0 when all
//   are accepted
#include <cstdio>
#include <ctime>

#include "stella/base/base64.h"
#include "stella/base/file.h"
#include "stella/base/json.h"
#include "virtual_sigstore.h"

using namespace stella;
using testing::LogKind;

namespace {

constexpr std::size_t kFileSizeMaxBytes = std::size_t{1} << 24;

json::Value validity(const attestation::Validity& valid) {
  return json::Object{{"start", to_string(valid.start)}, {"end", to_string(*valid.end)}};
}

json::Value log_json(const attestation::TrustedLog& log) {
  return json::Object{{"baseUrl", log.url},
                      {"hashAlgorithm", "SHA2_256"},
                      {"publicKey", json::Object{{"rawBytes", to_base64(log.key.spki())},
                                                 {"keyDetails", crypto::key_details(log.key, log.algorithm)},
                                                 {"validFor", validity(log.valid)}}},
                      {"logId", json::Object{{"keyId", to_base64(log.id)}}}};
}

json::Value authority_json(const attestation::TrustedAuthority& authority) {
  json::Array certificates;
  for (const auto* side : {&authority.intermediates, &authority.roots}) {
    for (const crypto::Certificate& certificate : *side) {
      certificates.push_back(json::Object{{"rawBytes", to_base64(certificate.der())}});
    }
  }
  return json::Object{{"uri", authority.name},
                      {"subject", json::Object{{"organization", "example"}, {"commonName", "example"}}},
                      {"certChain", json::Object{{"certificates", std::move(certificates)}}},
                      {"validFor", validity(authority.valid)}};
}

std::string root_json(const attestation::TrustedRoot& root) {
  json::Array logs;
  json::Array ct_logs;
  for (const auto& log : root.logs) logs.push_back(log_json(log));
  for (const auto& log : root.ct_logs) ct_logs.push_back(log_json(log));
  return json::pretty(
      json::Object{{"mediaType", "application/vnd.dev.sigstore.trustedroot+json;version=0.1"},
                   {"tlogs", std::move(logs)},
                   {"ctlogs", std::move(ct_logs)},
                   {"certificateAuthorities", json::Array{authority_json(root.certificate_authorities[0])}},
                   {"timestampAuthorities", json::Array{authority_json(root.timestamp_authorities[0])}}});
}

Status write_all(const std::string& folder) {
  testing::VirtualSigstore sigstore;
  const std::string content = "an artifact of ours\n";
  const std::string statement = testing::statement_about(as_bytes(content));
  const auto write = [&](const std::string& name, const std::string& text) {
    return write_file(folder + "/" + name, as_bytes(text));
  };
  STELLA_CHECK(write("artifact", content));
  STELLA_CHECK(write("trusted_root.json", root_json(sigstore.root())));
  const auto save = [&](const std::string& name, const attestation::Bundle& bundle) -> Status {
    STELLA_TRY(const std::string text, attestation::to_json_text(bundle));
    return write(name + ".sigstore.json", text);
  };
  STELLA_CHECK(save("file_v1", sigstore.sign_file(as_bytes(content), {.log = LogKind::kV1})));
  STELLA_CHECK(save("file_v2", sigstore.sign_file(as_bytes(content))));
  STELLA_CHECK(save("statement_v1_dsse", sigstore.sign_payload(statement, {.log = LogKind::kV1})));
  STELLA_CHECK(save("statement_v1_intoto",
                    sigstore.sign_payload(statement, {.log = LogKind::kV1, .intoto_entry = true})));
  return save("statement_v2", sigstore.sign_payload(statement));
}

Status verify_all(int count, char** arguments) {
  STELLA_TRY(const Bytes root_text, read_file(arguments[0], kFileSizeMaxBytes));
  STELLA_TRY(attestation::TrustedRoot root, attestation::parse_trusted_root(as_text(root_text)));
  STELLA_TRY(attestation::IdentityPattern identity, attestation::parse_identity(arguments[1]));
  STELLA_TRY(attestation::SignerRule rule, attestation::make_signer_rule(std::move(identity), arguments[2]));
  STELLA_TRY(const Bytes content, read_file(arguments[3], kFileSizeMaxBytes));
  attestation::VerifyPolicy policy{.at = {.seconds = std::time(nullptr)}};
  policy.signers.push_back(std::move(rule));
  const attestation::Verifier verifier(std::move(root));
  Status status;
  for (int i = 4; i < count; ++i) {
    auto bundles = attestation::load_bundles(arguments[i]);
    std::optional<Error> error;
    if (!bundles) {
      error = bundles.error();
    } else {
      error = verifier.verify(bundles->front(), testing::artifact(content), policy).report.failure();
    }
    std::printf("%s %s%s\n", error ? "refused " : "accepted", arguments[i],
                error ? (": " + to_string(*error)).c_str() : "");
    if (error && status) status = fail(*error);
  }
  return status;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string verb = count > 1 ? arguments[1] : "";
  Status status =
      fail(ErrorCode::kInvalidArgument,
           "usage: sigstore_bundles write FOLDER | verify ROOT IDENTITY ISSUER ARTIFACT BUNDLE...");
  if (verb == "write" && count == 3) status = write_all(arguments[2]);
  if (verb == "verify" && count > 6) status = verify_all(count - 2, arguments + 2);
  if (status) return 0;
  std::fprintf(stderr, "%s\n", to_string(status.error()).c_str());
  return exit_status(status.error().code);
}
