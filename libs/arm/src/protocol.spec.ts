import { describe, expect, it } from 'vitest';
import { Fault, faultCodes } from '#lib/domain';
import { armError, armFaults, armStatusOf, errorResponse, operationErrorOf, unnamedError } from './errors.js';
import { etagOf, requirePreconditions } from './etags.js';
import { parseFilter } from './filter.js';
import { isTerminal, operationStatus, renderOperationStatus } from './operation-status.js';
import { pageSize, SkipTokens, sliceOf } from './paging.js';
import { accepted, created, isArmReply, noContent, ok } from './reply.js';
import { createdBy, modifiedBy } from './system-data.js';
import { tags } from './tags.js';

describe('faults', () => {
  it('all have a status and a PascalCase code', () => {
    for (const code of faultCodes) {
      expect([code, armStatusOf(code)]).toEqual([code, expect.any(Number)]);
      expect(armFaults[code].code ?? code).toMatch(/^[A-Z][A-Za-z]+$/);
      expect(errorResponse.safeParse(armError(new Fault(code, 'Why.')).body).success).toBe(true);
    }
  });

  it('carry target and details, and nothing empty', () => {
    const details = [{ code: 'InvalidParameter', message: 'No.', target: 'a.b' }];
    expect(armError(new Fault('InvalidParameter', 'Two.', { target: 'a', details }))).toEqual({
      status: 400,
      body: { error: { code: 'InvalidParameter', message: 'Two.', target: 'a', details } },
    });
    expect(armError(new Fault('Conflict', 'C.', { details: [] })).body.error).toEqual({ code: 'Conflict', message: 'C.' });
  });

  it('of our own insides tell nothing', () => {
    const { status, body } = armError(new Fault('Internal', 'password is hunter2'));
    expect([status, body]).toEqual([500, unnamedError()]);
    expect(operationErrorOf(new Fault('Internal', 'hunter2')).message).not.toContain('hunter2');
  });
});

describe('skip tokens', () => {
  const tokens = new SkipTokens('secret');

  it('come back as they went, and only for their list', () => {
    const token = tokens.encode('/list?', ['a"ü', 7]);
    expect(tokens.decode('/LIST?', token)).toEqual(['a"ü', 7]);
    expect(() => tokens.decode('/other?', token)).toThrow(expect.objectContaining({ code: 'InvalidSkipToken' }));
    expect(() => new SkipTokens('another').decode('/list?', token)).toThrow(expect.objectContaining({ code: 'InvalidSkipToken' }));
  });

  it.each(['', '.', 'a', 'a.b', 'a.b.c', `${'a'.repeat(3000)}.b`, 'WyJ4Il0.', '.sig'])('that we did not make are refused: %s', (token) => {
    expect(() => tokens.decode('/list?', token)).toThrow(expect.objectContaining({ code: 'InvalidSkipToken', target: '$skipToken' }));
  });
});

describe('pages', () => {
  it('hold the usual, what is asked for, or the most', () => {
    expect([pageSize(undefined), pageSize('5'), pageSize('100000')]).toEqual([100, 5, 1000]);
    for (const top of ['0', '-1', '1.5', 'x', '1e3', '', ['1', '2']])
      expect(() => pageSize(top)).toThrow(expect.objectContaining({ target: '$top' }));
  });

  it('know by one row more that there is another', () => {
    expect(sliceOf([1, 2, 3], 2, (n) => [n])).toEqual({ items: [1, 2], next: [2] });
    expect(sliceOf([1, 2], 2, (n) => [n])).toEqual({ items: [1, 2] });
    expect(sliceOf([], 2, () => [])).toEqual({ items: [] });
  });
});

describe('filters', () => {
  it('are comparisons joined by and, quotes written twice', () => {
    expect(parseFilter("NAME eq 'it''s' and tagName ne 'x'", ['name', 'tagName'])).toEqual([
      { field: 'name', operator: 'eq', value: "it's" },
      { field: 'tagName', operator: 'ne', value: 'x' },
    ]);
    expect(parseFilter("substringof('ab', Name)", ['name'])).toEqual([{ field: 'name', operator: 'substringof', value: 'ab' }]);
    expect(parseFilter("(name eq 'a')", ['name'])).toEqual([{ field: 'name', operator: 'eq', value: 'a' }]);
    for (const none of [undefined, '']) expect(parseFilter(none, ['name'])).toEqual([]);
  });

  it.each([
    ' ',
    'name',
    'name eq',
    'name eq x',
    "name gt 'x'",
    "name eq 'x' or name eq 'y'",
    "name eq 'x' and",
    "other eq 'x'",
    "name eq 'x''",
    'x'.repeat(3000),
    "name eq 'a' ".repeat(30),
  ])('are refused when they are anything else: %s', (text) =>
    expect(() => parseFilter(text, ['name'])).toThrow(expect.objectContaining({ code: 'InvalidFilter' })),
  );

  it('are refused however often they repeat themselves', () => {
    expect(() => parseFilter(`name eq '${"''".repeat(1000)}`, ['name'])).toThrow();
    expect(() => parseFilter(`${'('.repeat(2000)}`, ['name'])).toThrow();
  });
});

describe('preconditions', () => {
  const etag = etagOf('6f9619ff-8b86-d011-b42d-00c04fc964ff', 3);

  it('hold or are refused with 412', () => {
    const holds = (conditions: object, present: string | null) => expect(() => requirePreconditions(conditions, present)).not.toThrow();
    const fails = (conditions: object, present: string | null) =>
      expect(() => requirePreconditions(conditions, present)).toThrow(expect.objectContaining({ code: 'PreconditionFailed' }));
    holds({}, null);
    holds({ ifMatch: etag }, etag);
    holds({ ifMatch: `"a", W/${etag}` }, etag);
    holds({ ifMatch: '*' }, etag);
    holds({ ifNoneMatch: '*' }, null);
    holds({ ifNoneMatch: '"a"' }, etag);
    fails({ ifMatch: '"a"' }, etag);
    fails({ ifMatch: '*' }, null);
    fails({ ifMatch: '' }, etag);
    fails({ ifNoneMatch: '*' }, etag);
    fails({ ifNoneMatch: etag }, etag);
  });
});

describe('tags', () => {
  it('are a map of texts within limits', () => {
    expect(tags.safeParse({ a: '', ['n'.repeat(512)]: 'v'.repeat(256) }).success).toBe(true);
    for (const wrong of [
      { ['n'.repeat(513)]: '' },
      { a: 'v'.repeat(257) },
      { '': 'x' },
      { 'a<b': '' },
      { 'a%b': '' },
      { 'a\\b': '' },
      { 'a?b': '' },
      { A: '', a: '' },
      [],
      'x',
    ]) {
      expect([wrong, tags.safeParse(wrong).success]).toEqual([wrong, false]);
    }
  });
});

describe('operations and replies', () => {
  it('are rendered with what there is', () => {
    const startedAt = new Date('2026-01-01T00:00:00Z');
    const running = renderOperationStatus({
      name: 'registries-1',
      scope: '/x',
      status: 'Creating',
      startedAt,
      endedAt: null,
      percentComplete: 5,
      error: null,
    });
    expect(running).toEqual({
      id: '/x/operationStatuses/registries-1',
      name: 'registries-1',
      status: 'Creating',
      startTime: '2026-01-01T00:00:00.000Z',
      percentComplete: 5,
    });
    expect(operationStatus.safeParse(running).success).toBe(true);
    expect([isTerminal('Succeeded'), isTerminal('Creating')]).toEqual([true, false]);
  });

  it('are told from other values', () => {
    for (const reply of [ok(1), created({}), accepted(), noContent()]) expect(isArmReply(reply)).toBe(true);
    for (const other of [null, undefined, 'x', {}, { status: 200 }]) expect(isArmReply(other)).toBe(false);
  });
});

describe('systemData', () => {
  it('keeps who made it and says who changed it', () => {
    const made = createdBy({ name: 'a', type: 'Application' }, new Date('2026-01-01T00:00:00Z'));
    const changed = modifiedBy(made, { name: 'b', type: 'User' }, new Date('2026-01-02T00:00:00Z'));
    expect(changed).toEqual({ ...made, lastModifiedBy: 'b', lastModifiedByType: 'User', lastModifiedAt: '2026-01-02T00:00:00.000Z' });
  });
});
