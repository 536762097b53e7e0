import { describe, expect, it } from 'vitest';
import type { ArmClient, ArmResponse } from './arm-client.js';

/** What a kind of resource brings along to be put through what all kinds have in common. */
export interface ArmResourceCase {
  /** The collection, e.g. `registries`. */
  title: string;
  /** A client allowed to do everything. */
  arm: () => ArmClient;
  /** A path at which nothing is, below something that is there. */
  freshPath: () => string | Promise<string>;
  /** A body that is accepted. */
  put: () => object;
  /** A patch that is accepted, and changes something. */
  patch: object;
  /** Waits for (or plays) the worker: what the reply announced at `path` has ended. */
  ended: (path: string, reply: ArmResponse) => Promise<unknown>;
}

/** ARM's protocol, on every kind of resource alike: run it in the e2e spec of each. */
export function describeArmResource({ title, arm, freshPath, put, patch, ended }: ArmResourceCase): void {
  const made = async () => {
    const path = await freshPath();
    const reply = await arm().put(path, put());
    expect(reply, reply.text).toMatchObject({ status: 201 });
    await ended(path, reply);
    return path;
  };
  const collectionOf = (path: string) => path.slice(0, path.lastIndexOf('/'));
  const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);

  describe(`${title}: what all ARM resources have in common`, () => {
    it('are made by PUT and found by GET, in their list, and in any case of their name', async () => {
      const path = await made();
      const { body } = await arm().get(path);
      expect(body).toMatchObject({ name: nameOf(path), systemData: { createdAt: expect.any(String) } });
      expect((await arm().get(`${collectionOf(path)}/${nameOf(path).toUpperCase()}`)).body).toEqual(body);
      const listed = (await arm().pages(collectionOf(path))).flat();
      expect(listed.filter(({ id }) => id === body.id)).toEqual([body]);
    });

    it('change nothing when put again as they are', async () => {
      const path = await made();
      const before = await arm().get(path);
      for (const body of [put(), before.body]) {
        const again = await arm().put(path, body);
        expect(again).toMatchObject({ status: 200, body: before.body });
        expect(again.headers['azure-asyncoperation']).toBeUndefined();
        expect(again.headers['etag']).toBe(before.headers['etag']);
      }
    });

    it('are changed by PATCH, and only by whoever knows what they are', async () => {
      const path = await made();
      const before = await arm().get(path);
      const stale = { 'if-match': '"something-else"' };
      expect(await arm().patch(path, patch, { headers: stale })).toMatchObject({
        status: 412,
        body: { error: { code: 'PreconditionFailed' } },
      });
      expect((await arm().get(path)).body).toEqual(before.body);
      const reply = await arm().patch(path, patch, { headers: { 'if-match': before.headers['etag']! } });
      expect(reply.status).toBe(200);
      await ended(path, reply);
      const after = await arm().get(path);
      expect(after.body).toMatchObject(patch);
      expect(after.headers['etag']).not.toBe(before.headers['etag']);
      expect((await arm().get(path, { headers: { 'if-none-match': after.headers['etag']! } })).status).toBe(304);
    });

    it('are gone after DELETE, and deleting them again is no error', async () => {
      const path = await made();
      const reply = await arm().delete(path);
      expect([200, 202, 204]).toContain(reply.status);
      await ended(path, reply);
      expect((await arm().get(path)).status).toBe(404);
      expect((await arm().delete(path)).status).toBe(204);
      expect((await arm().pages(collectionOf(path))).flat().map(({ name }) => name)).not.toContain(nameOf(path));
    });

    it('stay what and where they are: a body that names another id, name, type or location is refused', async () => {
      const path = await made();
      const { body } = await arm().get(path);
      const same = { id: body.id.toUpperCase(), name: nameOf(path).toUpperCase(), type: body.type.toLowerCase() };
      expect((await arm().put(path, { ...put(), ...same })).status).toBe(200);
      const others = [{ id: `${body.id}x` }, { name: 'another1' }, { type: `${body.type}/things` }, { id: 5 }];
      for (const other of others) {
        const target = Object.keys(other)[0]!;
        for (const reply of [await arm().put(path, { ...put(), ...other }), await arm().patch(path, { ...patch, ...other })])
          expect(reply, target).toMatchObject({ status: 400, body: { error: { target } } });
        const fresh = await freshPath();
        expect((await arm().put(fresh, { ...put(), ...other })).status).toBe(400);
        expect((await arm().get(fresh)).status).toBe(404);
      }
      if (body.location === undefined) return;
      const moved = { ...patch, location: 'elsewhere' };
      expect(await arm().patch(path, moved)).toMatchObject({ status: 409, body: { error: { target: 'location' } } });
      const stays = { location: body.location.toUpperCase() };
      expect((await arm().patch(path, stays, { invalidRequest: true })).status).toBe(200);
    });

    it('say by HEAD whether they exist', async () => {
      const path = await made();
      expect(await arm().head(path)).toMatchObject({ status: 204, text: '' });
      expect(await arm().head(await freshPath())).toMatchObject({ status: 404, text: '' });
    });

    it('are not found where there are none', async () => {
      const path = await freshPath();
      expect(await arm().get(path)).toMatchObject({ status: 404, body: { error: { code: 'ResourceNotFound' } } });
      expect((await arm().patch(path, patch)).status).toBe(404);
      expect((await arm().delete(path)).status).toBe(204);
      const elsewhere = path.replace(/\/resourceGroups\/[^/]+\//i, '/resourceGroups/nowhere/');
      for (const reply of [await arm().get(elsewhere), await arm().put(elsewhere, put()), await arm().delete(elsewhere)]) {
        expect(reply).toMatchObject({ status: 404, body: { error: { code: 'ResourceGroupNotFound' } } });
      }
    });

    it('refuse what is no request: no version or a wrong one, no JSON, no object', async () => {
      const path = await freshPath();
      const refused = async (status: number, reply: ArmResponse | Promise<ArmResponse>) => expect(await reply).toMatchObject({ status });
      await refused(400, arm().put(path, put(), { apiVersion: null }));
      await refused(400, arm().put(path, put(), { apiVersion: '1999-01-01' }));
      await refused(400, arm().put(path, []));
      await refused(400, arm().put(path, undefined));
      await refused(400, arm().request('PUT', path, { rawBody: '{"a":' }));
      await refused(415, arm().request('PUT', path, { rawBody: '<a/>', headers: { 'content-type': 'application/xml' } }));
      await refused(404, arm().get(path));
    });

    it('answer nobody who does not say who they are', async () => {
      const path = await freshPath();
      for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
        const reply = await arm().request(method, path, { token: null, ...(method.startsWith('P') && { body: put() }) });
        expect(reply, method).toMatchObject({ status: 401, headers: { 'www-authenticate': expect.stringContaining('Bearer') } });
      }
    });
  });
}
