import { connect, type Socket } from 'node:net';

/** What came back on the wire. */
export interface RawAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/**
 * Sends the head of a request exactly as written, and no byte of its body, and returns the answer. For what a client library
 * would not let through: absolute targets, odd methods, bodies that are announced and never sent.
 */
export async function rawRequest(baseUrl: string, lines: readonly string[]): Promise<RawAnswer> {
  const { hostname, port } = new URL(baseUrl);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  const [first, ...rest] = lines;
  const host = rest.some((line) => /^host:/i.test(line)) ? [] : [`Host: ${hostname}:${port}`];
  socket.write([`${first} HTTP/1.1`, ...host, ...rest, '', ''].join('\r\n'));
  try {
    return await answerOn(socket, first!.startsWith('HEAD '));
  } finally {
    socket.destroy();
  }
}

function answerOn(socket: Socket, isHead: boolean): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    let text = '';
    const whole = () => {
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return null;
      const [status, ...fields] = text.slice(0, end).split('\r\n');
      const headers = Object.fromEntries(
        fields.map((line) => [line.split(':', 1)[0]!.toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
      );
      const body = text.slice(end + 4);
      const length = isHead ? 0 : Number(headers['content-length'] ?? 0);
      return Buffer.byteLength(body) < length ? null : { status: Number(status!.split(' ')[1]), headers, body };
    };
    socket.setEncoding('utf8');
    socket.on('data', (piece: string) => {
      text += piece;
      const answer = whole();
      if (answer) resolve(answer);
    });
    socket.on('close', () => {
      const answer = whole();
      if (answer) resolve(answer);
      else reject(new Error('The connection ended without an answer.'));
    });
  });
}
