import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Fault } from '#lib/domain';
import { requireValid } from './issues.js';
import { armResource, patchBody, patchedProperties, putBody, renderResource } from './resource.js';

const boat = armResource({
  type: 'Microsoft.Boats/boats',
  segment: 'boats',
  name: /^[a-z]{3,10}$/,
  title: 'SpecBoat',
  tracked: true,
  members: { sku: z.object({ name: z.enum(['Dinghy', 'Yacht']) }) },
  properties: z.object({
    crew: z.int().min(1).max(8).default(2),
    sail: z.object({ color: z.string().default('white'), area: z.number().optional() }).prefault({}),
    ports: z.array(z.string().min(1)).max(2).default([]),
  }),
  readOnly: z.object({ provisioningState: z.string() }),
});
const put = putBody(boat);
const patch = patchBody(boat, { omit: ['ports'] });

const faultOf = (work: () => unknown): Fault => {
  try {
    work();
  } catch (error) {
    return error as Fault;
  }
  throw new Error('It did not throw.');
};

describe('a PUT body', () => {
  it('gets every default, its location normalized, and loses what is read-only or unknown', () => {
    const body = requireValid(put, {
      id: 'x',
      name: 'y',
      type: 't',
      location: 'West Europe',
      sku: { name: 'Dinghy' },
      extra: 1,
      properties: { provisioningState: 'Succeeded', nonsense: true },
    });
    expect(body).toMatchObject({ location: 'westeurope', tags: {}, sku: { name: 'Dinghy' } });
    expect(body.properties).toEqual({ crew: 2, sail: { color: 'white' }, ports: [], provisioningState: 'Succeeded' });
    expect(body).not.toHaveProperty('extra');
  });

  it('may leave out properties that all have defaults', () => {
    expect(requireValid(put, { location: 'eastus', sku: { name: 'Yacht' }, tags: null }).properties.crew).toBe(2);
  });

  it('is refused with every mistake by its path, and what would be right', () => {
    const fault = faultOf(() => requireValid(put, { location: 'eastus', sku: { name: 'Gold' }, properties: { crew: 9, ports: [''] } }));
    expect(fault.code).toBe('InvalidParameter');
    expect(fault.details).toEqual([
      { code: 'InvalidParameter', target: 'sku.name', message: "sku.name must be one of 'Dinghy', 'Yacht'." },
      { code: 'InvalidParameter', target: 'properties.crew', message: 'properties.crew must be at most 8.' },
      { code: 'InvalidParameter', target: 'properties.ports[0]', message: 'properties.ports[0] must have at least 1 character.' },
    ]);
    expect(fault.message).toBe("The request body has 3 mistakes: sku.name must be one of 'Dinghy', 'Yacht'. See details for the others.");
  });

  it('says what is missing', () => {
    expect(faultOf(() => requireValid(put, { sku: { name: 'Yacht' } }))).toMatchObject({ code: 'LocationRequired', target: 'location' });
    expect(faultOf(() => requireValid(put, { location: 'eastus' }))).toMatchObject({ target: 'sku', message: 'sku is required (object).' });
    expect(faultOf(() => requireValid(put, { location: 'eastus', sku: {} })).message).toBe(
      "sku.name is required: one of 'Dinghy', 'Yacht'.",
    );
    expect(faultOf(() => requireValid(put, undefined))).toMatchObject({ code: 'InvalidRequestContent' });
  });
});

describe('a PATCH body', () => {
  it('holds only what was sent, and null where something is to go', () => {
    expect(requireValid(patch, { properties: { sail: { area: null } } })).toEqual({ properties: { sail: { area: null } } });
    expect(requireValid(patch, {})).toEqual({});
    expect(requireValid(patch, { sku: {} })).toEqual({ sku: {} });
  });

  it('cannot name what cannot be patched', () => {
    expect(requireValid(patch, { properties: { ports: ['a'] } })).toEqual({ properties: {} });
    expect(faultOf(() => requireValid(patch, { sku: null })).target).toBe('sku');
    expect(faultOf(() => requireValid(patch, { sku: { name: null } })).target).toBe('sku.name');
  });

  it('is checked as far as it goes', () => {
    expect(faultOf(() => requireValid(patch, { properties: { sail: { color: 3 } } })).target).toBe('properties.sail.color');
  });

  it('is merged and the whole checked again, defaults coming back for what was removed', () => {
    const now = { crew: 4, sail: { color: 'red', area: 9 }, ports: ['a'] };
    expect(patchedProperties(boat, now, { crew: null, sail: { area: null } })).toEqual({ crew: 2, sail: { color: 'red' }, ports: ['a'] });
    expect(patchedProperties(boat, now, undefined)).toEqual(now);
    expect(faultOf(() => patchedProperties(boat, now, { crew: 99 })).target).toBe('properties.crew');
  });
});

describe('a resource answered', () => {
  it('has the type of its kind, and is of the declared shape', () => {
    const view = renderResource(
      boat,
      { id: '/x', name: 'b', location: 'eastus', tags: {}, sku: { name: 'Yacht' } },
      { crew: 1, sail: { color: 'x' }, ports: [], provisioningState: 'Succeeded' },
    );
    expect(Object.keys(view)).toEqual(['id', 'name', 'type', 'location', 'tags', 'sku', 'properties']);
    expect(boat.response.safeParse(view).success).toBe(true);
    expect(boat.page.safeParse({ value: [view], nextLink: 'https://h/next' }).success).toBe(true);
    expect(boat.page.safeParse({ value: [view], nextLink: '' }).success).toBe(false);
  });
});
