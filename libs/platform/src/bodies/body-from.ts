import type { BodyBudget } from './body-budget.js';
import { type Body, GatheredBody } from './gathered-body.js';

/** A body from any source of chunks: one that is no request of a client. Chunks are asked for as the body is taken. */
export function bodyFrom(chunks: AsyncIterable<Buffer>, budget: BodyBudget): Body {
  let paused = true;
  let closed = false;
  let goOn: (() => void) | undefined;
  let begun = false;
  const body = new GatheredBody(
    {
      pause: () => void (paused = true),
      resume: () => {
        paused = false;
        if (!begun) void run();
        begun = true;
        goOn?.();
      },
      close: () => {
        closed = true;
        goOn?.();
      },
    },
    budget,
  );
  const run = async (): Promise<void> => {
    try {
      for await (const chunk of chunks) {
        body.push(chunk);
        if (paused && !closed) await new Promise<void>((resolve) => (goOn = resolve));
        if (closed) return;
      }
      body.end();
    } catch (error) {
      body.fail(error);
    }
  };
  return body;
}
