// make_evidence FOLDER: artifacts, evidence for them, the roots that vouch for it and a TUF repository, for
// tests of the program. Everything was signed at testing::kSigned.
#include <filesystem>
#include <iostream>

#include "stella/base/base64.h"
#include "stella/base/file.h"
#include "tuf_testing.h"
#include "virtual_sigstore.h"

namespace stella::testing {
namespace {

class Folder {
 public:
  explicit Folder(std::filesystem::path path) : path_(std::move(path)) {}

  void write(const std::string& name, ByteView bytes) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    const Status written = write_file(path_ / name, bytes);
    if (!written) throw std::runtime_error(to_string(written.error()));
  }
  void write(const std::string& name, std::string_view text) const { write(name, as_bytes(text)); }
  void write(const std::string& name, const attestation::Bundle& bundle) const {
    write(name, attestation::to_json_text(bundle).value());
  }

 private:
  std::filesystem::path path_;
};

void write_roots(const Folder& folder, const VirtualSigstore& sigstore) {
  folder.write("roots/fulcio.pem", sigstore.ca_root.to_pem());
  folder.write("roots/chain.pem", sigstore.ca_intermediate.to_pem() + sigstore.ca_root.to_pem());
  folder.write("roots/tsa.pem", sigstore.tsa.to_pem() + sigstore.tsa_root.to_pem());
  folder.write("roots/ct.pem", sigstore.ct_log.public_key().to_pem());
  folder.write("roots/rekor1.pem", sigstore.v1.key().to_pem());
  folder.write("roots/rekor2.pem", sigstore.v2.key().to_pem());
}

void write_evidence(const Folder& folder, VirtualSigstore& sigstore) {
  const std::string app = "an artifact\n";
  const std::string other = "another artifact\n";
  folder.write("app", app);
  folder.write("other", other);
  folder.write("app.sigstore.json", sigstore.sign_payload(statement_about(as_bytes(app))));
  folder.write("file.sigstore.json", sigstore.sign_file(as_bytes(app), {.log = LogKind::kV1}));
  folder.write("provenance.sigstore.json",
               sigstore.sign_payload(statement_about(
                   as_bytes(app), "https://slsa.dev/provenance/v1",
                   R"({"buildDefinition":{"buildType":"https://t.test/b","resolvedDependencies":[)"
                   R"({"uri":"u","digest":{"sha256":")" +
                       to_hex(sha256(as_bytes(other)).view()) +
                       R"("}}]},"runDetails":{"builder":{"id":"https://b.test/builder"}}})")));
  const auto key = crypto::PrivateKey::generate(crypto::KeyType::kEcdsaP384).value();
  folder.write("key.pub", key.public_key().to_pem());
  folder.write("logged.sigstore.json", sigstore.sign_file(as_bytes(app), {.managed_key = key}));
  folder.write(
      "unlogged.sigstore.json",
      sigstore.sign_file(as_bytes(app), {.log = std::nullopt, .timestamp = false, .managed_key = key}));
  folder.write("unlogged-keyless.sigstore.json", sigstore.sign_file(as_bytes(app), {.log = std::nullopt}));
}

// Expires in the year 9000: the program judges by the clock.
void write_tuf(const Folder& folder) {
  attestation::tuf::Repository repository;
  for (auto& [role, expires] : repository.expires) expires = "9000-01-01T00:00:00Z";
  repository.publish_root();  // version 2
  const auto publish = [&](const std::string& to) {
    repository.publish();
    for (const auto& [name, bytes] : repository.files) folder.write(to + "/" + name, bytes);
  };
  const std::string root(attestation::public_good_root().json);
  repository.target_files["trusted_root.json"] = Bytes(root.begin(), root.end());
  publish("tuf1");
  repository.target_files["more.json"] = Bytes{'{', '}'};
  publish("tuf2");
}

}  // namespace
}  // namespace stella::testing

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    const stella::testing::Folder folder(argv[1]);
    stella::testing::VirtualSigstore sigstore;
    stella::testing::write_roots(folder, sigstore);
    stella::testing::write_evidence(folder, sigstore);
    stella::testing::write_tuf(folder);
  } catch (const std::exception& exception) {
    std::cerr << exception.what() << "\n";
    return 1;
  }
  return 0;
}
