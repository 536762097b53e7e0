import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finish, run } from './run.js';

const dockerfile = `FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "sh", "-c", "echo built here > /made"]
ENTRYPOINT ["/bin/busybox"]
CMD ["cat", "/made"]
`;

/** The folder of a Dockerfile that makes a small real image out of nothing but the machine's busybox. */
export async function busyboxContext(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const busybox = (await run('sh', ['-c', 'command -v busybox'])).trim();
  await copyFile(busybox, join(folder, 'busybox'));
  await writeFile(join(folder, 'Dockerfile'), dockerfile);
  return folder;
}

/** What the image prints when it is run. */
export const busyboxSays = 'built here\n';

/** The options with which buildah and podman touch no store of the user. The folder's path must be short: podman takes 50 characters. */
export function buildahStore(folder: string): string[] {
  return ['--root', join(folder, 'root'), '--runroot', join(folder, 'r'), '--storage-driver', 'overlay'];
}

/** Builds the image with two layers in a store of its own; answers its id. */
export async function buildBusybox(folder: string, tag: string): Promise<string> {
  const context = await busyboxContext(join(folder, 'context'));
  const built = ['bud', '--quiet', '--layers', '--isolation', 'oci', '--runtime', 'runc', '--tag', tag, context];
  return (await run('buildah', [...buildahStore(folder), ...built])).trim();
}

/** Unmounts and empties a store that buildah or podman used, so that its folder can be removed. */
export async function emptyStore(folder: string): Promise<void> {
  await finish('buildah', [...buildahStore(folder), 'rm', '--all']);
  await finish('buildah', [...buildahStore(folder), 'rmi', '--all', '--force']);
  await finish('umount', [join(folder, 'root', 'overlay')]);
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export interface LayoutImage {
  /** The layout's folder, for `oci:{folder}:app`. */
  readonly folder: string;
  readonly digest: string;
  readonly manifest: Buffer;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  blob(digest: string): Promise<Buffer>;
}

/** Builds the image and writes it as an OCI layout: the bytes every client is compared with. */
export async function busyboxLayout(folder: string): Promise<LayoutImage> {
  const tag = 'localhost/app:latest';
  await buildBusybox(folder, tag);
  const layout = join(folder, 'layout');
  await run('buildah', [...buildahStore(folder), 'push', '--quiet', tag, `oci:${layout}:app`]);
  const blob = (digest: string): Promise<Buffer> => readFile(join(layout, 'blobs', ...digest.split(':')));
  const index = JSON.parse(await readFile(join(layout, 'index.json'), 'utf8')) as { manifests: [Descriptor] };
  const digest = index.manifests[0].digest;
  const manifest = await blob(digest);
  const { config, layers } = JSON.parse(manifest.toString('utf8')) as { config: Descriptor; layers: Descriptor[] };
  return { folder: layout, digest, manifest, config, layers, blob };
}
