// Verifies our bundles with sigstore-js: node sigstore_js_verify.js FOLDER, from a folder with node_modules.
// Each bundle must be accepted for its artifact and identity, and refused for another of either.
const fs = require('fs');
const path = require('path');
const { bundleFromJSON } = require('@sigstore/bundle');
const { TrustedRoot } = require('@sigstore/protobuf-specs');
const { toSignedEntity, toTrustMaterial, Verifier } = require('@sigstore/verify');

const folder = process.argv[2];
const json = (name) => JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'));
const artifact = fs.readFileSync(path.join(folder, 'artifact'));
const verifier = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(json('trusted_root.json'))));
const ours = {
  subjectAlternativeName: 'https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main',
  extensions: { issuer: 'https://token.actions.githubusercontent.com' },
};

const accepts = (name, content, identity) => {
  try {
    verifier.verify(toSignedEntity(bundleFromJSON(json(name)), content), identity);
    return 'accepted';
  } catch (error) {
    return `refused: ${error.code || error.name} ${error.message}`;
  }
};

let failures = 0;
const expect = (name, what, answer, expected) => {
  const right = answer.startsWith(expected);
  if (!right) failures += 1;
  console.log(`${right ? 'ok  ' : 'FAIL'} ${name} ${what}: ${answer}`);
};
for (const name of fs.readdirSync(folder).filter((file) => file.endsWith('.sigstore.json')).sort()) {
  expect(name, 'as it is', accepts(name, artifact, ours), 'accepted');
  expect(name, 'another identity', accepts(name, artifact, { ...ours, subjectAlternativeName: 'https://evil' }), 'refused');
  if (name.startsWith('file')) expect(name, 'another artifact', accepts(name, Buffer.from('other'), ours), 'refused');
}
process.exit(failures === 0 ? 0 : 1);
