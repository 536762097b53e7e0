import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireProgram } from '#lib/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, imageOf, ociManifest, type Image } from '../support/registry-client.js';
import { run } from '../support/run.js';
import { managementOf, type ServiceFacts } from '../support/service-process.js';
import { sharedService } from '../support/shared-service.js';

/** What an operations team would keep in a file: create a registry, wait for it, log in, push, pull, list, delete. */
const script = String.raw`
set -euo pipefail
api="api-version=2025-11-01"
field() { grep -o "\"$1\":\"[^\"]*\"" | head -1 | cut -d'"' -f4; }
curl() { command curl --silent --show-error --fail-with-body --cacert "$CA" "$@"; }

token=$(curl "$MANAGEMENT/$TENANT/oauth2/v2.0/token" -d grant_type=client_credentials -d client_id="$CLIENT_ID" \
  --data-urlencode client_secret="$CLIENT_SECRET" --data-urlencode scope="$MANAGEMENT/.default" | field access_token)
arm() { curl -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "$@"; }

group="$MANAGEMENT/subscriptions/$SUBSCRIPTION/resourceGroups/$NAME"
registry="$group/providers/Microsoft.ContainerRegistry/registries/$NAME"
arm -X PUT "$group?api-version=2024-11-01" -d '{"location":"eastus"}' > group.json
arm -X PUT "$registry?$api" -D headers.txt -d '{"location":"eastus","sku":{"name":"Standard"},"properties":{"adminUserEnabled":true}}' > created.json
operation=$(grep -i '^azure-asyncoperation:' headers.txt | cut -d' ' -f2 | tr -d '\r' || true)
if [ -n "$operation" ]; then
  until arm "$operation" | grep -q '"status":"Succeeded"'; do sleep 0.2; done
fi
server=$(arm "$registry?$api" | field loginServer)
password=$(arm -X POST "$registry/listCredentials?$api" | field value)

docker() { curl --user "$NAME:$password" "$@"; }
access=$(docker -G "https://$server/oauth2/token" --data-urlencode "service=$server" --data-urlencode 'scope=repository:curl/app:pull,push' | field access_token)
oci() { curl -H "Authorization: Bearer $access" "$@"; }
for file in blob-*; do
  digest="sha256:$(sha256sum "$file" | cut -d' ' -f1)"
  location=$(oci -X POST "https://$server/v2/curl/app/blobs/uploads/" -D - -o /dev/null | grep -i '^location:' | cut -d' ' -f2 | tr -d '\r')
  case "$location" in *\?*) mark='&' ;; *) mark='?' ;; esac
  oci -X PUT "https://$server$location$mark"'digest='"$digest" -H 'Content-Type: application/octet-stream' --data-binary "@$file"
done
oci -X PUT "https://$server/v2/curl/app/manifests/v1" -H "Content-Type: $MANIFEST_TYPE" --data-binary @manifest.json
oci "https://$server/v2/curl/app/manifests/v1" -H "Accept: $MANIFEST_TYPE" -o pulled-manifest.json
oci "https://$server/v2/curl/app/blobs/$LAYER" -o pulled-layer --location
docker "https://$server/v2/curl/app/tags/list" > tags.json
docker "https://$server/v2/_catalog" > catalog.json
cmp manifest.json pulled-manifest.json
cmp blob-0 pulled-layer
cat tags.json catalog.json
arm "$registry/listUsages?$api" > usages.json
arm -X DELETE "$registry?$api"
`;

describe.skipIf(!requireProgram('curl'))('a script with curl', () => {
  const name = `curl${randomBytes(4).toString('hex')}`;
  let service: ServiceFacts;
  let folder: string;
  let image: Image;

  beforeAll(async () => {
    service = await sharedService();
    folder = await mkdtemp(join(tmpdir(), 'regatta-curl-'));
    image = imageOf([randomBytes(200_000)]);
    await writeFile(join(folder, 'manifest.json'), image.manifest);
    for (const [index, blob] of image.blobs.entries()) await writeFile(join(folder, `blob-${index}`), blob);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('creates a registry, pushes and pulls an image, lists and deletes', async () => {
    const management = managementOf(service);
    const { tenantId, subscriptionId, clientId, clientSecret } = management.credentials;
    const printed = await run('bash', ['-c', script], {
      cwd: folder,
      env: {
        CA: service.caFile,
        MANAGEMENT: service.managementUrl,
        TENANT: tenantId,
        SUBSCRIPTION: subscriptionId,
        CLIENT_ID: clientId,
        CLIENT_SECRET: clientSecret,
        NAME: name,
        MANIFEST_TYPE: ociManifest,
        LAYER: digestOf(image.blobs[0] as Buffer),
      },
    });
    expect(printed).toContain('{"name":"curl/app","tags":["v1"]}');
    expect(printed).toContain('{"repositories":["curl/app"]}');
    await management.registryGone(name, name);
  });
});
