import { type Agent, request } from 'node:http';

export interface Timed {
  status: number;
  /** Until the whole answer was there. For reports, not for verdicts. */
  ms: number;
}

/** Sends one request to this machine. */
export function timedRequest(
  agent: Agent,
  { body, ...wanted }: { port: number; method: string; path: string; headers: Record<string, string>; body: string },
): Promise<Timed> {
  return new Promise((resolve, reject) => {
    const began = process.hrtime.bigint();
    const asked = request({ host: '127.0.0.1', agent, ...wanted }, (response) => {
      response.on('end', () => resolve({ ms: Number(process.hrtime.bigint() - began) / 1e6, status: response.statusCode ?? 0 })).resume();
    });
    asked.on('error', reject).end(body);
  });
}
