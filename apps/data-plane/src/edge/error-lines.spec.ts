import { expect, it } from 'vitest';
import { Fault } from '#lib/domain';
import type { Logger } from '#lib/platform';
import type { Call } from './call.js';
import { ErrorLines } from './error-lines.js';

it('says why it was our trouble, with the cause, and nothing a client wrote', () => {
  const lines: [string, object][] = [];
  const note = (level: string) => (line: object) => void lines.push([level, line]);
  const logger = { isLevelEnabled: () => true, warn: note('warn'), info: note('info') } as unknown as Logger;
  const call = { ids: {}, method: 'PATCH', route: '/v2/{name}' } as unknown as Call;
  const writer = new ErrorLines(logger);
  writer.write(call, 507, undefined, new Fault('InsufficientStorage', 'No space.', { cause: new Error('9 bytes do not fit.') }));
  writer.write(call, 400, undefined, new Fault('NameInvalid', 'The name "what a client wrote" is not one.'));
  expect(lines).toMatchObject([
    ['warn', { status: 507, reason: 'No space.', cause: '9 bytes do not fit.' }],
    ['info', { status: 400 }],
  ]);
  expect(JSON.stringify(lines)).not.toContain('wrote');
});
