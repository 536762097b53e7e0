import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { basic } from './http-client.js';
import { digestOf, imageManifest, ociIndex, ociManifest, Pusher } from './images.js';
import { Installation, type TestRegion, type TestRegistry } from './installation.js';

const octets = { 'content-type': 'application/octet-stream' };

describe('the registry API', () => {
  let installation: Installation;
  let region: TestRegion;
  let registry: TestRegistry;
  let other: TestRegistry;

  beforeAll(async () => {
    installation = await Installation.create();
    registry = await installation.registry('apireg');
    other = await installation.registry('otherapi');
    region = await installation.start();
  });
  afterAll(() => installation.destroy());

  describe.each([
    ['by its login server over HTTPS', 'https', 'host'],
    ['by its login server over HTTP', 'http', 'host'],
    ['in path style over HTTPS', 'https', 'path'],
    ['in path style over HTTP', 'http', 'path'],
  ] as const)('addressed %s', (_title, scheme, style) => {
    let client: Pusher;
    const repository = `team/${scheme}-${style}`;
    beforeAll(() => {
      client = new Pusher(region[scheme], registry, style);
    });
    const path = (rest: string) => client.path(repository, rest);

    it('answers HEAD wherever it answers GET, with the same head and no body', async () => {
      const image = await client.image(`head/${scheme}-${style}`, 'v1');
      const at = (rest: string) => client.path(`head/${scheme}-${style}`, rest);
      const upload = await client.start(`head/${scheme}-${style}`);
      const paths = ['/v2/', `/v2/${client.prefix}_catalog`, at('tags/list'), at('tags/list?n=0'), at(`referrers/${image.digest}`)];
      paths.push(at('manifests/v1'), at('manifests/absent'), at(`blobs/${image.layer}`), upload, '/v2/nothing/at/all', '/oauth2/token');
      for (const one of paths) {
        const [got, head] = [await client.send('GET', one), await client.send('HEAD', one)];
        const told = ({ status, headers }: typeof got) => [status, headers['content-type'], headers['content-length'], headers.etag];
        expect(told(head), one).toEqual(told(got));
        expect(head.body.length, one).toBe(0);
      }
    });

    it('says what it is', async () => {
      const answer = await client.send('GET', '/v2/');
      expect(answer.status).toBe(200);
      expect(answer.headers['docker-distribution-api-version']).toBe('registry/2.0');
      expect((await client.send('GET', '/v2')).status).toBe(200);
    });

    it('takes a blob in one request, and gives it back whole and in parts', async () => {
      const bytes = randomBytes(300_000);
      const digest = digestOf(bytes);
      const pushed = await client.send('POST', path(`blobs/uploads/?digest=${digest}`), octets, bytes);
      expect(pushed.status).toBe(201);
      expect(pushed.headers.location).toBe(path(`blobs/${digest}`));
      expect(pushed.headers['docker-content-digest']).toBe(digest);

      const head = await client.send('HEAD', path(`blobs/${digest}`));
      expect([head.status, head.headers['content-length'], head.headers['docker-content-digest']]).toEqual([200, '300000', digest]);
      expect(head.body.length).toBe(0);
      const whole = await client.send('GET', path(`blobs/${digest}`));
      expect(whole.status).toBe(200);
      expect(whole.body.equals(bytes)).toBe(true);
      expect(whole.headers['content-type']).toBe('application/octet-stream');
      expect(whole.headers['accept-ranges']).toBe('bytes');
      expect((await client.send('GET', path(`blobs/${digest}`), { 'if-none-match': whole.headers.etag! })).status).toBe(304);

      const ranges: [string, number, number][] = [
        ['bytes=500-1499', 500, 1500],
        ['bytes=299000-', 299_000, 300_000],
        ['bytes=-500', 299_500, 300_000],
        ['bytes=299999-500000', 299_999, 300_000],
        ['1000-', 1000, 300_000],
      ];
      for (const [range, from, to] of ranges) {
        const part = await client.send('GET', path(`blobs/${digest}`), { range });
        expect(part.status, range).toBe(206);
        expect(part.headers['content-range'], range).toBe(`bytes ${from}-${to - 1}/300000`);
        expect(part.body.equals(bytes.subarray(from, to)), range).toBe(true);
      }
      for (const range of ['bytes=300000-', 'bytes=500-0']) {
        const refused = await client.send('GET', path(`blobs/${digest}`), { range });
        expect(refused.status, range).toBe(416);
        expect(refused.headers['content-range'], range).toBe('bytes */300000');
      }
      // Range is for GET alone (RFC 9110, 14.2): what HEAD asks is how much there is.
      for (const range of ['bytes=0-1', 'bytes=400000-', 'nonsense']) {
        const head = await client.send('HEAD', path(`blobs/${digest}`), { range });
        expect([head.status, head.headers['content-length'], head.headers['content-range']], range).toEqual([200, '300000', undefined]);
      }
      const changed = await client.send('GET', path(`blobs/${digest}`), { range: 'bytes=0-1', 'if-range': '"else"' });
      expect(changed.status).toBe(200);
    });

    it('takes a small blob and an empty one, and gives parts of them too', async () => {
      for (const bytes of [Buffer.alloc(0), Buffer.from('{}'), randomBytes(10_000)]) {
        const digest = digestOf(bytes);
        const location = await client.start(repository);
        const patched = await client.send('PATCH', location, octets, bytes);
        expect(patched.status).toBe(202);
        expect((await client.send('PUT', `${patched.headers.location}?digest=${digest}`)).status).toBe(201);
        const got = await client.send('GET', path(`blobs/${digest}`));
        expect([got.status, got.body.equals(bytes)]).toEqual([200, true]);
        if (bytes.length < 100) continue;
        const part = await client.send('GET', path(`blobs/${digest}`), { range: 'bytes=10-19' });
        const head = await client.send('HEAD', path(`blobs/${digest}`), { range: 'bytes=10-19' });
        expect([head.status, head.headers['content-length']]).toEqual([200, String(bytes.length)]);
        expect([part.status, part.body.equals(bytes.subarray(10, 20))]).toEqual([206, true]);
      }
    });

    it('takes a blob in chunks, says how far it is, and refuses chunks out of order', async () => {
      const bytes = randomBytes(250_000);
      const digest = digestOf(bytes);
      const opened = await client.send('POST', path('blobs/uploads/'));
      expect(opened.status).toBe(202);
      expect(opened.headers.range).toBe('0-0');
      expect(opened.headers['docker-upload-uuid']).toMatch(/^[0-9a-f-]{36}$/);
      const location = opened.headers.location!;
      expect(location).toBe(path(`blobs/uploads/${opened.headers['docker-upload-uuid']}`));

      const chunk = (from: number, to: number) =>
        client.send('PATCH', location, { ...octets, 'content-range': `${from}-${to - 1}` }, bytes.subarray(from, to));
      const first = await chunk(0, 100_000);
      expect([first.status, first.headers.range]).toEqual([202, '0-99999']);
      const wrong = await chunk(150_000, 200_000);
      expect([wrong.status, wrong.code()]).toEqual([416, 'RANGE_INVALID']);
      expect([wrong.headers.range, wrong.headers.location]).toEqual(['0-99999', location]);
      expect((await chunk(0, 100_000)).status).toBe(416);
      const status = await client.send('GET', location);
      expect([status.status, status.headers.range, status.headers.location]).toEqual([204, '0-99999', location]);
      expect((await chunk(100_000, 200_000)).headers.range).toBe('0-199999');
      const last = { ...octets, 'content-range': '200000-249999' };
      const done = await client.send('PUT', `${location}?digest=${digest}`, last, bytes.subarray(200_000));
      expect([done.status, done.headers['docker-content-digest']]).toEqual([201, digest]);
      expect((await client.send('GET', path(`blobs/${digest}`))).body.equals(bytes)).toBe(true);
      expect((await client.send('GET', location)).code()).toBe('BLOB_UPLOAD_UNKNOWN');
    });

    it('takes a stream without a length, and forgets an upload that is cancelled', async () => {
      const bytes = randomBytes(3_000_000);
      const location = await client.start(repository);
      async function* stream() {
        for (let at = 0; at < bytes.length; at += 50_000) yield bytes.subarray(at, at + 50_000);
      }
      const streamed = await client.send('PATCH', location, octets, stream());
      expect([streamed.status, streamed.headers.range]).toEqual([202, '0-2999999']);
      expect((await client.send('PUT', `${location}?digest=${digestOf(bytes)}`)).status).toBe(201);

      const cancelled = await client.start(repository);
      expect((await client.send('DELETE', cancelled)).status).toBe(204);
      for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
        const answer = await client.send(method, `${cancelled}?digest=${digestOf('cancelled')}`);
        expect([answer.status, answer.code()], method).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
      }
    });

    it('takes an image and gives it back byte for byte, by tag and by digest', async () => {
      const image = await client.image(repository, 'v1');
      for (const reference of ['v1', image.digest]) {
        for (const accept of ['*/*', ociManifest, 'application/json', 'text/plain']) {
          const got = await client.send('GET', path(`manifests/${reference}`), { accept });
          expect(got.status).toBe(200);
          expect(got.body.toString()).toBe(image.text);
          expect(got.headers['content-type']).toBe(ociManifest);
          expect(got.headers['docker-content-digest']).toBe(image.digest);
        }
        const head = await client.send('HEAD', path(`manifests/${reference}`));
        expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, String(image.text.length), 0]);
        expect((await client.send('GET', path(`manifests/${reference}`), { 'if-none-match': `"${image.digest}"` })).status).toBe(304);
      }
    });

    it('takes an index of images, lists tags and repositories in order and in pages', async () => {
      const repo = `${repository}/paged`;
      const image = await client.image(repo, 'b');
      await client.image(`${repo}-2`, 'b');
      for (const tag of ['a', 'C', 'c']) expect((await client.manifest(repo, tag, image.text)).status).toBe(201);
      const entry = { mediaType: ociManifest, digest: image.digest, size: image.text.length };
      const index = JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [entry] });
      const put = await client.manifest(repo, 'index', index, ociIndex);
      expect([put.status, put.headers.location]).toEqual([201, client.path(repo, `manifests/${digestOf(index)}`)]);

      const tags = client.path(repo, 'tags/list');
      expect((await client.send('GET', tags)).json()).toEqual({ name: client.prefix + repo, tags: ['C', 'a', 'b', 'c', 'index'] });
      const page = await client.send('GET', `${tags}?n=2&last=C`);
      expect(page.json()).toEqual({ name: client.prefix + repo, tags: ['a', 'b'] });
      expect(page.headers.link).toBe(`<${tags}?last=b&n=2&orderby=>; rel="next"`);
      const end = await client.send('GET', `${tags}?last=b&n=2&orderby=`);
      expect(end.json<{ tags: string[] }>().tags).toEqual(['c', 'index']);
      expect(end.headers.link).toBeUndefined();
      const nothing = await client.send('GET', `${tags}?n=0`);
      expect([nothing.json<{ tags: string[] }>().tags, nothing.headers.link]).toEqual([[], undefined]);
      for (const n of ['-1', '1e309', 'x', '']) expect([200, 400]).toContain((await client.send('GET', `${tags}?n=${n}`)).status);
      expect((await client.send('GET', `${tags}?n=${'9'.repeat(10_000)}`)).status).toBe(200);

      const all = await client.send('GET', `/v2/${client.prefix}_catalog`);
      const repositories = all.json<{ repositories: string[] }>().repositories;
      expect(repositories).toContain(client.prefix + repo);
      expect(repositories).toEqual([...repositories].sort());
      const first = await client.send('GET', `/v2/${client.prefix}_catalog?n=1`);
      expect(first.json()).toEqual({ repositories: repositories.slice(0, 1) });
      const next = /<([^>]*)>; rel="next"/.exec(first.headers.link as string)![1]!;
      expect((await client.send('GET', next)).json<{ repositories: string[] }>().repositories).toEqual(repositories.slice(1, 2));
    });

    it('mounts a blob from another repository, and opens a session where it cannot', async () => {
      const digest = await client.blob(`${repository}/from`, randomBytes(100_000));
      const mount = (from: string, what = digest) => client.send('POST', path(`blobs/uploads/?mount=${what}&from=${client.prefix}${from}`));
      const mounted = await mount(`${repository}/from`);
      expect([mounted.status, mounted.headers.location]).toEqual([201, path(`blobs/${digest}`)]);
      expect((await client.send('HEAD', path(`blobs/${digest}`))).status).toBe(200);
      const missing = await mount(`${repository}/from`, digestOf('missing'));
      expect(missing.status).toBe(202);
      expect(missing.headers.location).toContain('/blobs/uploads/');
      expect((await mount(`${repository}/nowhere`, digestOf('x'))).status).toBe(202);
      expect((await mount('x', 'sha256:short')).code()).toBe('DIGEST_INVALID');
    });

    it('deletes tags, manifests and blobs, and says so at once', async () => {
      const image = await client.image(`${repository}/gone`, 'one');
      const at = (rest: string) => client.path(`${repository}/gone`, rest);
      await client.manifest(`${repository}/gone`, 'two', image.text);
      expect((await client.send('DELETE', at('manifests/one'))).status).toBe(202);
      expect((await client.send('GET', at('manifests/one'))).code()).toBe('MANIFEST_UNKNOWN');
      expect((await client.send('DELETE', at('manifests/one'))).status).toBe(404);
      expect((await client.send('GET', at('manifests/two'))).status).toBe(200);
      expect((await client.send('DELETE', at(`manifests/${image.digest}`))).status).toBe(202);
      for (const reference of ['two', image.digest]) expect((await client.send('GET', at(`manifests/${reference}`))).status).toBe(404);
      expect((await client.send('DELETE', at(`blobs/${image.layer}`))).status).toBe(202);
      expect((await client.send('GET', at(`blobs/${image.layer}`))).code()).toBe('BLOB_UNKNOWN');
      expect((await client.send('DELETE', at(`blobs/${image.layer}`))).status).toBe(404);
      expect((await client.send('GET', at('tags/list'))).code()).toBe('NAME_UNKNOWN');
    });

    it('takes sha512 as well as sha256', async () => {
      const bytes = randomBytes(200_000);
      const digest = digestOf(bytes, 'sha512');
      const opened = await client.send('POST', path('blobs/uploads/?digest-algorithm=sha512'));
      const location = opened.headers.location!;
      expect((await client.send('PATCH', location, octets, bytes)).status).toBe(202);
      expect((await client.send('PUT', `${location}?digest=${digest}`)).headers['docker-content-digest']).toBe(digest);
      expect((await client.send('GET', path(`blobs/${digest}`))).body.equals(bytes)).toBe(true);
      const config = await client.blob(repository, Buffer.from('{}'));
      const text = imageManifest({ digest: config, size: 2 }, [{ digest, size: bytes.length }]);
      const put = await client.manifest(repository, digestOf(text, 'sha512'), text);
      expect([put.status, put.headers['docker-content-digest']]).toEqual([201, digestOf(text, 'sha512')]);
      expect((await client.send('GET', path(`manifests/${digestOf(text, 'sha512')}`))).body.toString()).toBe(text);
    });

    it('sets several tags with one push', async () => {
      const config = await client.blob(repository, Buffer.from('{}'));
      const text = imageManifest({ digest: config, size: 2 }, [], { annotations: { n: style + scheme } });
      const put = await client.manifest(repository, `${digestOf(text)}?tag=x1&tag=x2`, text);
      expect(put.status).toBe(201);
      expect(put.rawHeaders.filter((_, i) => put.rawHeaders[i - 1] === 'OCI-Tag')).toEqual(['x1', 'x2']);
      for (const tag of ['x1', 'x2']) expect((await client.send('GET', path(`manifests/${tag}`))).body.toString()).toBe(text);
    });

    it('lists what refers to a manifest, whether that is there or not', async () => {
      const repo = `${repository}/referred`;
      const at = (rest: string) => client.path(repo, rest);
      const config = await client.blob(repo, Buffer.from('{}'));
      const subject = imageManifest({ digest: config, size: 2 }, []);
      const about = (artifactType: string, n: number) =>
        imageManifest({ digest: config, size: 2 }, [], {
          artifactType,
          annotations: { n: String(n) },
          subject: { mediaType: ociManifest, digest: digestOf(subject), size: subject.length },
        });
      const empty = await client.send('GET', at(`referrers/${digestOf(subject)}`));
      expect([empty.status, empty.headers['content-type'], empty.json()]).toEqual([
        200,
        ociIndex,
        { schemaVersion: 2, mediaType: ociIndex, manifests: [] },
      ]);
      const texts = [about('application/x.signature', 1), about('application/x.sbom', 2), about('application/x.sbom', 3)];
      for (const text of texts) {
        const put = await client.manifest(repo, digestOf(text), text);
        expect([put.status, put.headers['oci-subject']]).toEqual([201, digestOf(subject)]);
      }
      const expected = texts
        .map((text, i) => ({
          mediaType: ociManifest,
          digest: digestOf(text),
          size: text.length,
          artifactType: ['application/x.signature', 'application/x.sbom', 'application/x.sbom'][i],
          annotations: { n: String(i + 1) },
        }))
        .sort((a, b) => (a.digest < b.digest ? -1 : 1));
      const list = (query = '') => client.send('GET', at(`referrers/${digestOf(subject)}${query}`));
      expect((await list()).json<{ manifests: unknown[] }>().manifests).toEqual(expected);
      const boms = await list('?artifactType=application%2Fx.sbom');
      expect(boms.headers['oci-filters-applied']).toBe('artifactType');
      expect(boms.json<{ manifests: unknown[] }>().manifests).toEqual(expected.filter((one) => one.artifactType === 'application/x.sbom'));
      const page = await list('?n=2');
      expect(page.json<{ manifests: unknown[] }>().manifests).toEqual(expected.slice(0, 2));
      const next = /<([^>]*)>; rel="next"/.exec(page.headers.link as string)![1]!;
      expect((await client.send('GET', next)).json<{ manifests: unknown[] }>().manifests).toEqual(expected.slice(2));
      expect((await client.send('GET', at('referrers/sha256:short'))).code()).toBe('DIGEST_INVALID');
    });

    it('reads names in which the slashes are escaped, as the Azure SDK writes them', async () => {
      const image = await client.image(repository, 'escaped');
      const escaped = encodeURIComponent(client.prefix + repository);
      expect((await client.send('GET', `/v2/${escaped}/manifests/escaped`)).body.toString()).toBe(image.text);
      expect((await client.send('GET', `/v2/${escaped}/manifests/${encodeURIComponent(image.digest)}?api-version=2021-07-01`)).status).toBe(
        200,
      );
    });
  });

  describe('bad input', () => {
    let client: Pusher;
    beforeAll(() => {
      client = new Pusher(region.https, registry);
    });

    it('is refused where names, tags or digests are none', async () => {
      const cases: [string, string, number, string][] = [
        ['GET', '/v2/UPPER/manifests/latest', 400, 'NAME_INVALID'],
        ['GET', `/v2/${'a'.repeat(256)}/manifests/latest`, 400, 'NAME_INVALID'],
        ['PUT', '/v2/app/manifests/-bad', 400, 'TAG_INVALID'],
        ['PUT', `/v2/app/manifests/${'t'.repeat(129)}`, 400, 'TAG_INVALID'],
        // A tag that cannot be is not there.
        ['GET', '/v2/app/manifests/-bad', 404, 'MANIFEST_UNKNOWN'],
        ['GET', `/v2/app/manifests/${'t'.repeat(129)}`, 404, 'MANIFEST_UNKNOWN'],
        ['DELETE', '/v2/app/manifests/.INVALID_MANIFEST_NAME', 404, 'MANIFEST_UNKNOWN'],
        ['DELETE', '/v2/app/manifests/sha256:short', 400, 'DIGEST_INVALID'],
        ['GET', '/v2/app/manifests/sha256:short', 400, 'DIGEST_INVALID'],
        ['GET', '/v2/app/blobs/sha256:ABC', 400, 'DIGEST_INVALID'],
        ['GET', `/v2/app/blobs/md5:${'a'.repeat(32)}`, 400, 'DIGEST_INVALID'],
        ['PUT', '/v2/app/manifests/sha256:short', 400, 'DIGEST_INVALID'],
        ['GET', `/v2/app/manifests/${digestOf('missing')}`, 404, 'MANIFEST_UNKNOWN'],
        ['GET', '/v2/app/manifests/missing', 404, 'MANIFEST_UNKNOWN'],
        ['GET', `/v2/app/blobs/${digestOf('missing')}`, 404, 'BLOB_UNKNOWN'],
        ['GET', '/v2/nothere/tags/list', 404, 'NAME_UNKNOWN'],
        ['GET', '/v2/app/nonsense', 404, 'UNSUPPORTED'],
        ['POST', '/v2/app/manifests/latest', 405, 'UNSUPPORTED'],
        ['PATCH', '/v2/app/tags/list', 405, 'UNSUPPORTED'],
        ['PUT', '/v2/', 405, 'UNSUPPORTED'],
        ['PROPFIND', '/v2/', 405, 'UNSUPPORTED'],
        ['GET', 'ftp://a.example/v2/', 404, 'UNSUPPORTED'],
        ['OPTIONS', '*', 404, 'UNSUPPORTED'],
        ['GET', '/acr/v1/app/_tags', 405, 'UNSUPPORTED'],
        // Clients take 404 for success here: what is not built yet must not look deleted.
        ['DELETE', '/acr/v1/app', 405, 'UNSUPPORTED'],
        ['GET', '/acr/v1', 405, 'UNSUPPORTED'],
        ['GET', '/elsewhere', 404, 'UNSUPPORTED'],
        ['GET', '/', 404, 'UNSUPPORTED'],
        ['GET', '/v2/app/blobs/uploads/00000000-0000-0000-0000-000000000000', 404, 'BLOB_UPLOAD_UNKNOWN'],
        ['GET', '/v2/app/blobs/uploads/not-a-uuid', 404, 'BLOB_UPLOAD_UNKNOWN'],
        ['POST', '/v2/app/blobs/uploads/?digest=sha256:short', 400, 'DIGEST_INVALID'],
        ['POST', '/v2/app/blobs/uploads/?digest-algorithm=md5', 400, 'DIGEST_INVALID'],
      ];
      for (const [method, path, status, code] of cases) {
        const answer = await client.send(method, path);
        expect([answer.status, answer.code()], `${method} ${path}`).toEqual([status, code]);
        expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      }
    });

    it('is told by HEAD that a tag that cannot be is not there', async () => {
      expect((await client.send('HEAD', '/v2/app/manifests/.INVALID_MANIFEST_NAME')).status).toBe(404);
    });

    it('is told by every 405 what is possible', async () => {
      const cases: [string, string, string][] = [
        ['PUT', '/v2/', 'GET, HEAD'],
        ['DELETE', '/v2/_catalog', 'GET, HEAD'],
        ['POST', '/v2/app/manifests/latest', 'GET, HEAD, PUT, DELETE'],
        ['PUT', `/v2/app/blobs/${digestOf('x')}`, 'GET, HEAD, DELETE'],
        ['GET', '/v2/app/blobs/uploads/', 'POST'],
        ['POST', '/v2/app/blobs/uploads/00000000-0000-0000-0000-000000000000', 'GET, HEAD, PATCH, PUT, DELETE'],
        ['PATCH', '/v2/app/tags/list', 'GET, HEAD'],
        ['DELETE', `/v2/app/referrers/${digestOf('x')}`, 'GET, HEAD'],
        ['DELETE', '/oauth2/token', 'GET, HEAD, POST'],
        ['GET', '/oauth2/exchange', 'POST'],
        ['OPTIONS', '/v2/app/tags/list', 'GET, HEAD'],
        // An empty list: the address is known, and nothing can be done with it yet (RFC 9110, 10.2.1).
        ['GET', '/acr/v1/_catalog', ''],
      ];
      for (const [method, path, allow] of cases) {
        const answer = await client.send(method, path);
        expect([answer.status, answer.headers.allow], `${method} ${path}`).toEqual([405, allow]);
      }
    });

    it('is refused where a parameter holds control characters, before anything reads it', async () => {
      const uploads = '/v2/app/blobs/uploads/';
      const requests: [string, string][] = [
        ['POST', `${uploads}?mount=${digestOf('x')}&from=%00`],
        ['POST', `${uploads}?mount=%0a`],
        ['GET', `/v2/app/referrers/${digestOf('x')}?artifactType=%00`],
        ['GET', `/v2/app/referrers/${digestOf('x')}?artifactType=application/x%7f`],
        ['GET', '/v2/app/tags/list?last=a%00'],
        ['GET', '/v2/_catalog?last=%1b'],
        ['GET', '/v2/_catalog?%00'],
        ['GET', '/oauth2/token?service=%00'],
        ['GET', '/oauth2/token?scope=repository:a%00:pull'],
      ];
      for (const [method, path] of requests) {
        const answer = await client.send(method, path);
        expect([answer.status, answer.code()], `${method} ${path}`).toEqual([400, 'UNSUPPORTED']);
      }
      const form = { 'content-type': 'application/x-www-form-urlencoded' };
      for (const body of [
        'grant_type=password&username=a%00&password=b',
        'grant_type=refresh_token&scope=repository:a:pull&refresh_token=%00',
      ])
        expect((await client.send('POST', '/oauth2/token', form, body)).status, body).toBe(400);
    });

    it('is refused where paths climb, hide or break', async () => {
      const paths = [
        '/v2/../../etc/passwd',
        '/v2/app/../../x/manifests/latest',
        '/v2/app/%2e%2e/%2e%2e/manifests/latest',
        '/v2/app%2F..%2Fother/manifests/latest',
        '/v2/app/blobs/..%2f..%2f..%2fetc%2fpasswd',
        '/v2/a%00b/manifests/latest',
        '/v2/a%252fb/manifests/latest',
        '/v2/a%zzb/manifests/latest',
        '/v2/a//b/manifests/latest',
        '/v2/a%5cb/manifests/latest',
        '/v2/%C3%A9/manifests/latest',
        '/v2/app/manifests/%FF',
        `/v2/${'a/'.repeat(2000)}manifests/latest`,
      ];
      for (const path of paths) {
        const answer = await client.send('GET', path);
        expect([400, 404], path).toContain(answer.status);
        expect(answer.body.toString(), path).toMatch(/"code":"(NAME_INVALID|DIGEST_INVALID|TAG_INVALID|BLOB_UNKNOWN|UNSUPPORTED)"/);
      }
    });

    it('is refused where content is not what its digest says, and nothing of it stays', async () => {
      const bytes = randomBytes(200_000);
      const wrong = digestOf('something else');
      const single = await client.send('POST', client.path('bad', `blobs/uploads/?digest=${wrong}`), octets, bytes);
      expect([single.status, single.code()]).toEqual([400, 'DIGEST_INVALID']);
      const location = await client.start('bad');
      await client.send('PATCH', location, octets, bytes);
      const put = await client.send('PUT', `${location}?digest=${wrong}`);
      expect([put.status, put.code()]).toEqual([400, 'DIGEST_INVALID']);
      expect((await client.send('GET', client.path('bad', `blobs/${wrong}`))).status).toBe(404);
      expect((await client.send('GET', client.path('bad', `blobs/${digestOf(bytes)}`))).status).toBe(404);
      const text = imageManifest({ digest: await client.blob('bad', Buffer.from('{}')), size: 2 }, []);
      const manifest = await client.manifest('bad', wrong, text);
      expect([manifest.status, manifest.code()]).toEqual([400, 'DIGEST_INVALID']);
      expect((await client.send('PUT', await client.start('bad'))).code()).toBe('DIGEST_INVALID');
    });

    it('is refused where a manifest names what is not there, or is none', async () => {
      const config = await client.blob('bad', Buffer.from('{}'));
      const missing = imageManifest({ digest: config, size: 2 }, [{ digest: digestOf('nope'), size: 4 }]);
      const refused = await client.manifest('bad', 'v1', missing);
      expect([refused.status, refused.code()]).toEqual([400, 'MANIFEST_BLOB_UNKNOWN']);
      expect((await client.send('GET', client.path('bad', 'manifests/v1'))).status).toBe(404);
      const good = imageManifest({ digest: config, size: 2 }, []);
      const cases: [string | Buffer, string][] = [
        ['', ociManifest],
        ['not json', ociManifest],
        ['[]', ociManifest],
        [good, ociIndex],
        [good, 'text/plain'],
        [Buffer.from([0xff, 0xfe]), ociManifest],
        [good.replace('"layers":[]', '"layers":[],"manifests":[]'), ociManifest],
        [good.replace('{', '{"schemaVersion":1,'), ociManifest],
      ];
      for (const [body, type] of cases) {
        const answer = await client.manifest('bad', 'v1', body, type);
        expect([answer.status, answer.code()], String(body)).toEqual([400, 'MANIFEST_INVALID']);
      }
    });

    it('is refused while it streams, where a manifest is too large', async () => {
      const size = 5 * 1024 * 1024;
      const announced = await client.manifest('bad', 'v1', Buffer.alloc(size, ' '));
      expect([announced.status, announced.code()]).toEqual([413, 'SIZE_INVALID']);
      let sent = 0;
      async function* endless() {
        for (; sent < 200 * 1024 * 1024; sent += 65_536) yield Buffer.alloc(65_536, ' ');
      }
      const streamed = await client.send('PUT', client.path('bad', 'manifests/v1'), { 'content-type': ociManifest }, endless());
      expect([streamed.status, streamed.code()]).toEqual([413, 'SIZE_INVALID']);
      expect(sent).toBeLessThan(64 * 1024 * 1024);
      const largest = imageManifest({ digest: await client.blob('bad', Buffer.from('{}')), size: 2 }, []);
      const padded = largest + ' '.repeat(4 * 1024 * 1024 - largest.length);
      expect((await client.manifest('bad', 'large', padded)).status).toBe(201);
      expect((await client.send('GET', client.path('bad', 'manifests/large'))).body.toString()).toBe(padded);
    });

    it('is refused where a chunk contradicts itself', async () => {
      const location = await client.start('bad');
      const chunk = (range: string) => client.send('PATCH', location, { ...octets, 'content-range': range }, Buffer.alloc(10));
      expect((await chunk('0-4')).code()).toBe('SIZE_INVALID');
      expect((await chunk('nonsense')).status).toBe(416);
      expect((await chunk('9-0')).status).toBe(416);
      expect((await chunk('5-14')).headers.range).toBe('0-0');
      expect((await chunk('0-9')).headers.range).toBe('0-9');
    });

    it('does not reach the registry of somebody else', async () => {
      const mine = new Pusher(region.https, registry);
      const theirs = new Pusher(region.https, other);
      const image = await theirs.image('private', 'v1');
      for (const method of ['GET', 'HEAD']) {
        expect((await mine.send(method, mine.path('private', `blobs/${image.layer}`))).status).toBe(404);
        expect((await mine.send(method, mine.path('private', `manifests/${image.digest}`))).status).toBe(404);
      }
      await mine.blob('private', Buffer.from('another'));
      expect((await mine.send('GET', mine.path('private', `blobs/${image.layer}`))).status).toBe(404);
      expect((await mine.send('POST', mine.path('private', `blobs/uploads/?mount=${image.layer}&from=private`))).status).toBe(202);
      const path = new Pusher(region.https, registry, 'path');
      const crossed = await path.send('POST', path.path('mine', `blobs/uploads/?mount=${image.layer}&from=${other.name}/private`));
      expect(crossed.status).toBe(202);
      const wrongDoor = await theirs.send('GET', '/v2/private/manifests/v1', { ...mine.headers });
      expect(wrongDoor.status).toBe(401);
    });

    it('does not reach the upload of somebody else', async () => {
      const principal = await installation.principal(['AcrPush', registry]);
      const stranger = new Pusher(region.https, registry, 'host', basic(principal.clientId, principal.secret));
      const location = await client.start('uploads/mine');
      const id = location.split('/').at(-1)!;
      await client.send('PATCH', location, octets, Buffer.from('abc'));
      for (const path of [location, stranger.path('uploads/else', `blobs/uploads/${id}`)]) {
        for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
          const answer = await stranger.send(method, `${path}?digest=${digestOf('abc')}`);
          expect([answer.status, answer.code()], `${method} ${path}`).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
        }
      }
      const elsewhere = await client.send('GET', client.path('uploads/else', `blobs/uploads/${id}`));
      expect(elsewhere.code()).toBe('BLOB_UPLOAD_UNKNOWN');
      expect((await client.send('PUT', `${location}?digest=${digestOf('abc')}`)).status).toBe(201);
    });
  });

  describe('a registry that cannot be served', () => {
    const ask = (host: string, path = '/v2/') => region.https.send({ host, path });

    it('is said to be unknown, on its way, or elsewhere', async () => {
      expect([(await ask('nobodys.localhost')).status, (await ask('nobodys.localhost')).code()]).toEqual([404, 'NAME_UNKNOWN']);
      const creating = await installation.registry('creating', { state: 'Creating' });
      const soon = await ask(creating.host);
      expect([soon.status, soon.code(), soon.headers['retry-after']]).toEqual([503, 'UNAVAILABLE', '5']);
      const deleting = await installation.registry('deleting', { state: 'Deleting' });
      expect((await ask(deleting.host)).status).toBe(404);
      const failed = await installation.registry('failedreg', { state: 'Failed' });
      expect((await ask(failed.host)).status).toBe(503);
      const updating = await installation.registry('updating', { state: 'Updating' });
      expect((await ask(updating.host)).status).toBe(401);
      const far = await installation.registry('faraway', { location: 'northeurope' });
      const answer = await ask(far.host);
      expect([answer.status, answer.body.toString()]).toEqual([503, expect.stringContaining('northeurope')]);
      expect((await ask('localhost', '/v2/nobodys/app/tags/list')).code()).toBe('NAME_UNKNOWN');
      expect((await ask('localhost', '/v2/app/tags/list')).code()).toBe('NAME_UNKNOWN');
    });

    it('is told by its regional and data endpoints', async () => {
      expect((await ask('apireg.eastus.geo.localhost')).status).toBe(401);
      expect((await ask('apireg.westeurope.geo.localhost')).body.toString()).toContain('This is the region eastus');
      expect((await ask('apireg.eastus.data.localhost')).status).toBe(404);
      const data = await installation.registry('datareg', { settings: { dataEndpointEnabled: true } });
      const pusher = new Pusher(region.https, data);
      const digest = await pusher.blob('app', randomBytes(100_000));
      const at = (path: string) => region.https.send({ host: 'datareg.eastus.data.localhost', path, headers: pusher.headers });
      expect((await at(`/v2/app/blobs/${digest}`)).status).toBe(200);
      expect((await at('/v2/app/tags/list')).status).toBe(404);
    });

    it('keeps out whom its network rules keep out', async () => {
      const ipRules = [{ action: 'Allow' as const, value: '10.0.0.0/8' }];
      const walled = await installation.registry('walledreg', {
        settings: { networkRuleSet: { defaultAction: 'Deny', ipRules, virtualNetworkRules: [] } },
      });
      const pusher = new Pusher(region.https, walled);
      for (const path of ['/v2/', '/v2/app/tags/list', '/oauth2/token']) {
        const answer = await pusher.send('GET', path);
        expect([answer.status, answer.json()], path).toEqual([
          403,
          {
            errors: [
              {
                code: 'DENIED',
                message: "client with IP '127.0.0.1' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.",
              },
            ],
          },
        ]);
      }
      const change = {
        networkRuleSet: {
          defaultAction: 'Deny' as const,
          ipRules: [{ action: 'Allow' as const, value: '127.0.0.1' }],
          virtualNetworkRules: [],
        },
      };
      await installation.change(walled, { settings: { ...walled.row.settings, ...change } });
      await expect.poll(async () => (await pusher.send('GET', '/v2/')).status).toBe(200);
      await installation.change(walled, { settings: { ...walled.row.settings, publicNetworkAccess: 'Disabled' } });
      await expect.poll(async () => (await pusher.send('GET', '/v2/')).status).toBe(403);
    });

    it('is refused for hosts that are none', async () => {
      for (const host of ['a"b', 'x/y']) expect((await ask(host)).status).toBe(400);
    });
  });

  it('refuses a push that the registry has no room for, before and after the bytes', async () => {
    const small = await installation.registry('smallreg', { sku: 'Basic' });
    const pusher = new Pusher(region.https, small);
    await pusher.blob('app', randomBytes(1000));
    const limit = 40 * 1024 ** 4;
    await installation.database.dataSource.query(
      `UPDATE content.usage_shards SET bytes = $2 WHERE ctid = (SELECT ctid FROM content.usage_shards WHERE registry_id = $1 LIMIT 1)`,
      [small.id, limit],
    );
    const bytes = randomBytes(200_000);
    const whole = await pusher.send('POST', pusher.path('app', `blobs/uploads/?digest=${digestOf(bytes)}`), octets, bytes);
    expect([whole.status, whole.code()]).toEqual([403, 'DENIED']);
    expect(whole.body.toString()).toContain('storage limit');
    const session = await pusher.send('POST', pusher.path('app', 'blobs/uploads/'));
    expect(session.status).toBe(403);
  });

  it('answers health on its main listeners', async () => {
    for (const path of ['/livez', '/readyz', '/startupz']) {
      const answer = await region.http.send({ host: 'localhost', path });
      expect([answer.status, answer.json<{ status: string }>().status]).toEqual([200, 'ok']);
    }
  });
});
