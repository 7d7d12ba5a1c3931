// Certificates from anywhere: what is read is read again to the same from its own bytes; names hold nothing
// unprintable.
#include <cstdlib>
#include <vector>

#include "stella/crypto/certificate.h"
#include "stella/crypto/chain.h"
#include "stella/crypto/sct.h"

using namespace stella;
using namespace stella::crypto;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto certificate = Certificate::from_der({data, size});
  if (!certificate) return 0;
  if (certificate->der().size() != size) std::abort();
  const auto from_pem = certificates_from_pem(certificate->to_pem());
  if (!from_pem || from_pem->size() != 1 || !(from_pem->front() == *certificate)) std::abort();
  for (const SubjectAlternativeName& name : certificate->fields().names) {
    for (const char c : name.value) {
      if (static_cast<unsigned char>(c) < 0x20) std::abort();
    }
  }
  (void)fulcio_extensions(*certificate);
  if (const auto scts = embedded_scts(*certificate)) {
    for (const Sct& sct : *scts)
      (void)verify_embedded_sct(sct, *certificate, certificate->key(), certificate->key());
  }
  const std::vector<Certificate> itself{*certificate};
  (void)build_chain(*certificate, {.roots = itself,
                                   .intermediates = itself,
                                   .at = certificate->fields().not_before,
                                   .purpose = kOidCodeSigning});
  return 0;
}
