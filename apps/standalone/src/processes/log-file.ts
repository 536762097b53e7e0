import { closeSync, existsSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

/** How much of a log is kept: so many files of so many bytes, the one that is written included. */
export interface LogLimits {
  bytes: number;
  files: number;
}

type Output = 'stdout' | 'stderr';

const usualLimits: LogLimits = { bytes: 20 * 1024 * 1024, files: 5 };
/** A line is written when it is whole, or as long as this. */
const longestLine = 64 * 1024;
/** What a process wrote last is kept in memory, to explain its end. */
const rememberedBytes = 16 * 1024;
const nothing = Buffer.alloc(0);

/** The log of a process. A full file is put aside as `.1`, what was `.1` becomes `.2`, and the oldest is overwritten. */
export class LogFile {
  readonly #file: string;
  readonly #limits: LogLimits;
  #fd: number;
  #size: number;
  /** By stream: the line that is not whole yet. */
  readonly #begun = new Map<Output, Buffer>();
  #last: Buffer = nothing;

  constructor(file: string, limits: LogLimits = usualLimits) {
    this.#file = file;
    this.#limits = limits;
    this.#fd = openSync(file, 'a', 0o600);
    this.#size = fstatSync(this.#fd).size;
  }

  /** Takes what a process wrote to a stream; the lines of both are one log. */
  write(bytes: Buffer, output: Output = 'stdout'): void {
    this.#last = Buffer.concat([this.#last, bytes]).subarray(-rememberedBytes);
    const begun = Buffer.concat([this.#begun.get(output) ?? nothing, bytes]);
    const whole = begun.lastIndexOf('\n') + 1;
    const end = whole === 0 && begun.length >= Math.min(longestLine, this.#limits.bytes) ? begun.length : whole;
    this.#begun.set(output, begun.subarray(end));
    this.#append(begun.subarray(0, end));
  }

  /** The last lines of the process, in words: from its JSON lines only the message. */
  lastWords(count = 5): string[] {
    return this.#last.toString('utf8').split('\n').filter(Boolean).slice(-count).map(message);
  }

  close(): void {
    for (const begun of this.#begun.values()) this.#append(begun);
    this.#begun.clear();
    closeSync(this.#fd);
  }

  /** What cannot be written, as on a full disk, is lost: the service must not stop for its log. */
  #append(bytes: Buffer): void {
    try {
      if (this.#size > 0 && this.#size + bytes.length > this.#limits.bytes) this.#rotate();
      this.#size += writeSync(this.#fd, bytes);
    } catch {
      // The next bytes are tried again.
    }
  }

  #rotate(): void {
    const name = (number: number) => (number === 0 ? this.#file : `${this.#file}.${number}`);
    for (let number = this.#limits.files - 1; number > 0; number--) {
      if (existsSync(name(number - 1))) renameSync(name(number - 1), name(number));
    }
    const full = this.#fd;
    this.#fd = openSync(this.#file, 'a', 0o600);
    this.#size = 0;
    closeSync(full);
  }
}

function message(line: string): string {
  try {
    const { msg } = JSON.parse(line) as { msg?: unknown };
    return typeof msg === 'string' ? msg : line;
  } catch {
    return line;
  }
}
