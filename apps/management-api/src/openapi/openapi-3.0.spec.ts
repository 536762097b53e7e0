import { expect, it } from 'vitest';
import { downConverted } from './openapi-3.0.js';

const convert = (schema: object) => {
  const document = { openapi: '3.1.0', paths: {}, components: { schemas: { Tags: { type: 'object' }, One: schema } } };
  return (downConverted(document) as { components: { schemas: { One: unknown } } }).components.schemas.One;
};

it.each<[string, object, object]>([
  ['a type that may be null', { type: ['string', 'null'], enum: ['a', null] }, { type: 'string', nullable: true, enum: ['a', null] }],
  ['null alone', { type: 'null' }, { type: 'object', nullable: true, enum: [null] }],
  [
    'a reference or null',
    { anyOf: [{ $ref: '#/components/schemas/Tags' }, { type: 'null' }], description: 'd' },
    { type: 'object', nullable: true, allOf: [{ $ref: '#/components/schemas/Tags' }], description: 'd' },
  ],
  ['a choice', { anyOf: [{ type: 'string' }, { type: 'integer' }] }, { anyOf: [{ type: 'string' }, { type: 'integer' }] }],
  ['one value', { type: 'string', const: 'a' }, { type: 'string', enum: ['a'] }],
  ['rules of names', { type: 'object', propertyNames: { minLength: 1 }, maxProperties: 2 }, { type: 'object', maxProperties: 2 }],
  [
    'members called like keywords',
    { type: 'object', properties: { type: { type: ['integer', 'null'] }, const: { type: 'string' }, enum: { const: 1 } } },
    { type: 'object', properties: { type: { type: 'integer', nullable: true }, const: { type: 'string' }, enum: { enum: [1] } } },
  ],
  [
    'values of clients',
    { example: { type: ['a', 'null'] }, default: { const: 1 } },
    { example: { type: ['a', 'null'] }, default: { const: 1 } },
  ],
])('says %s as OpenAPI 3.0 does', (_, schema, expected) => {
  expect(convert(schema)).toEqual(expected);
});
