import { describe, expect, it } from 'vitest';
import type { Exchange } from './exchange.js';
import { OpenApiContract } from './open-api-contract.js';

const thing = { type: 'object', properties: { name: { type: 'string' }, size: { type: 'integer' } }, required: ['name'] };
const json = (schema: object) => ({ 'application/json': { schema } });
const contract = new OpenApiContract({
  components: {
    schemas: { Thing: thing },
    responses: { NotFound: { description: 'no', content: json({ type: 'object', properties: { error: {} }, required: ['error'] }) } },
  },
  paths: {
    '/things/{name}': {
      get: {
        operationId: 'Things_Get',
        parameters: [{ name: 'name', in: 'path', schema: { pattern: '^[a-z]+$' } }],
        responses: { 200: { content: json({ $ref: '#/components/schemas/Thing' }) }, 404: { $ref: '#/components/responses/NotFound' } },
      },
      put: {
        operationId: 'Things_Put',
        parameters: [{ name: 'name', in: 'path', schema: { type: 'string' } }],
        requestBody: { content: json({ $ref: '#/components/schemas/Thing' }) },
        responses: { 204: {} },
      },
    },
  },
});
const exchange = (change: Partial<Exchange> = {}): Exchange => ({
  method: 'GET',
  url: 'http://localhost/Things/a',
  status: 200,
  headers: {},
  body: '{"name":"a"}',
  ...change,
});

describe('our own document as a judge', () => {
  it.each<[string, Partial<Exchange>, RegExp[]]>([
    ['an answer as documented', {}, []],
    ['HEAD, which is GET without its body', { method: 'HEAD', body: '' }, []],
    ['an error as documented', { status: 404, body: '{"error":1}' }, []],
    ['a missing member', { body: '{}' }, [/required property 'name'/]],
    ['a member nobody documented', { body: '{"name":"a","colour":"red"}' }, [/colour/]],
    ['a status nobody documented', { status: 409, body: '{"error":1}' }, [/does not document the status 409/]],
    ['an error without its form', { status: 404, body: '{}' }, [/'error'/]],
    ['a body that is missing', { body: '' }, [/documents a body/]],
    ['an answer where nothing is documented', { url: 'http://localhost/other' }, [/is not documented/]],
    ['an accepted name against its pattern', { url: 'http://localhost/things/a1' }, [/path parameter name/]],
    ['an accepted query nobody documented', { url: 'http://localhost/things/a?x=1' }, [/query parameter x/]],
    ['an accepted body that is not valid', { method: 'PUT', status: 204, body: '', requestBody: { size: 1 } }, [/accepted request body/]],
    ['the same sent wrong on purpose', { method: 'PUT', status: 204, body: '', requestBody: { size: 1 }, invalidRequest: true }, []],
  ])('finds in %s what is wrong with it', (_, change, expected) => {
    const found = contract.violations(exchange(change));
    expect(found).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  });
});
