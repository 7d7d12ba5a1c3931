#!/bin/sh
# Warm verifications a second, ours and sigstore-js's, one after the other on the same machine:
#   bench/verify_beside_sigstore_js.sh BUILD      (needs npm and its registry)
set -eu
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bundles"
"$build/tests/sigstore_bundles" write "$work/bundles"
cd "$work"
npm install --silent --no-audit --no-fund @sigstore/verify@3 @sigstore/bundle@4 @sigstore/protobuf-specs >npm.log 2>&1 || {
  cat npm.log
  exit 1
}
cat >bench.js <<'JS'
const fs = require('fs');
const { bundleFromJSON } = require('@sigstore/bundle');
const { TrustedRoot } = require('@sigstore/protobuf-specs');
const { toSignedEntity, toTrustMaterial, Verifier } = require('@sigstore/verify');
const artifact = fs.readFileSync('bundles/artifact');
const read = (name) => fs.readFileSync(`bundles/${name}`, 'utf8');
const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(JSON.parse(read('trusted_root.json')))));
for (const name of ['file_v1', 'file_v2']) {
  const text = read(`${name}.sigstore.json`);
  const verify = () => verifier.verify(toSignedEntity(bundleFromJSON(JSON.parse(text)), artifact));
  for (let i = 0; i < 50; ++i) verify();
  const start = process.cpuUsage();
  const count = 200;
  for (let i = 0; i < count; ++i) verify();
  const used = process.cpuUsage(start);
  console.log(`sigstore-js ${name} (P-256 authorities): ${Math.round((count * 1e6) / (used.user + used.system))}/s of CPU time`);
}
JS
node bench.js
"$build/bench/bench_verify" | grep verify/
