import { afterAll, beforeAll, expect, it } from 'vitest';
import { ArmClient } from '#lib/testkit';
import { TestManagement } from '../../apps/management-api/src/testing/test-management.js';
import { workerBeside } from '../support/contract-worker.js';

interface Parameter {
  name: string;
  in: string;
  required: boolean;
  example?: string;
  schema: { default?: string };
}
interface Operation {
  operationId: string;
  parameters: Parameter[];
  requestBody?: { content: Record<string, { examples?: Record<string, { value: unknown }> }> };
  security?: unknown[];
}

let api: TestManagement;
let arm: ArmClient;
let worker: Awaited<ReturnType<typeof workerBeside>>;
let operations: { method: string; path: string; operation: Operation }[];

beforeAll(async () => {
  api = await TestManagement.start();
  arm = new ArmClient({ baseUrl: api.baseUrl, token: api.owner.token, contracts: [api.contract] });
  worker = await workerBeside(api);
  const document = (await (await fetch(`${api.baseUrl}/openapi.json`)).json()) as { paths: Record<string, Record<string, Operation>> };
  operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method, path, operation })),
  );
});
afterAll(async () => {
  await worker?.stop();
  await api?.stop();
});

/** In this order, so that each finds what it is about: the rest follows in the order of the document. */
const first = ['ResourceGroups_CreateOrUpdate', 'Registries_Create', 'Registries_Update', 'ServicePrincipals_Create'];
const rank = ({ operation }: { operation: Operation }) => (first.indexOf(operation.operationId) + first.length + 1) % (first.length + 1);

it('every write has an example, and every example succeeds as it is', async () => {
  const writes = operations.filter(({ operation }) => operation.requestBody && operation.security?.length !== 0);
  expect(writes.filter(({ operation }) => examplesOf(operation).length === 0).map(({ operation }) => operation.operationId)).toEqual([]);
  let principal = '';
  const done: string[] = [];
  for (const { method, path, operation } of writes.toSorted((a, b) => rank(a) - rank(b))) {
    for (const [name, { value }] of examplesOf(operation)) {
      const at = path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) => valueOf(operation, parameter) ?? principal);
      const query = operation.parameters.filter((one) => one.in === 'query' && one.required);
      const reply = await arm.request(method.toUpperCase(), at, {
        body: value,
        apiVersion: null,
        query: Object.fromEntries(query.map((one) => [one.name, valueOf(operation, one.name)!])),
      });
      expect([operation.operationId, name, reply.status, reply.text]).toEqual([
        operation.operationId,
        name,
        expect.toBeOneOf([200, 201, 202]),
        reply.text,
      ]);
      expect(await arm.ended(reply)).toMatchObject({ status: expect.toBeOneOf([200, 201]) });
      if (operation.operationId === 'ServicePrincipals_Create') principal = reply.body.id;
      done.push(`${operation.operationId} ${name}`);
    }
  }
  expect(done.length).toBeGreaterThan(20);
}, 60_000);

const examplesOf = (operation: Operation) =>
  Object.values(operation.requestBody!.content).flatMap(({ examples = {} }) => Object.entries(examples));

/** What the documentation offers for a parameter. */
function valueOf(operation: Operation, name: string): string | undefined {
  const parameter = operation.parameters.find((one) => one.name === name)!;
  return parameter.example ?? parameter.schema.default;
}
