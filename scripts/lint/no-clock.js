/*
 * A rule for oxlint: a spec neither tries again nor judges by the clock. A busy machine would fail it, and a retry hides what fails
 * only sometimes. Specs wait for events (`expect.poll`, a promise that a handler resolves) and count work.
 */

const clocks = new Set(['performance.now', 'process.hrtime', 'process.hrtime.bigint', 'Date.now']);
/** Clocks that nothing but a judgement reads; a date may also be what is tested. */
const stopwatches = new Set(['performance.now', 'process.hrtime', 'process.hrtime.bigint']);

/** `a.b.c` of a member expression; empty for anything else. */
function nameOf(node) {
  if (node?.type === 'Identifier') return node.name;
  if (node?.type !== 'MemberExpression' || node.computed) return '';
  return `${nameOf(node.object)}.${node.property.name}`;
}

const isClock = (node) => node?.type === 'CallExpression' && clocks.has(nameOf(node.callee));
const keyOf = (property) => property.key?.name ?? property.key?.value;

const noClock = {
  create: (context) => ({
    CallExpression(node) {
      const name = nameOf(node.callee);
      if (stopwatches.has(name)) context.report({ node, message: `A spec does not judge by the clock (${name}): count the work instead.` });
      if (!/^(it|test|describe)\b/.test(name || nameOf(node.callee?.callee))) return;
      for (const argument of node.arguments) {
        if (argument.type !== 'ObjectExpression') continue;
        const retry = argument.properties.find((property) => keyOf(property) === 'retry');
        if (retry) context.report({ node: retry, message: 'A test that passes only sometimes is not tried again: mend its cause.' });
      }
    },
    BinaryExpression(node) {
      if (!['<', '>', '<=', '>='].includes(node.operator) || !(isClock(node.left) || isClock(node.right))) return;
      context.report({ node, message: 'A spec does not wait by the clock: use expect.poll or vi.waitFor.' });
    },
  }),
};

export default { meta: { name: 'regatta' }, rules: { 'no-clock': noClock } };
