import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** Every metric of this process; served at `/metrics` of the ops port. */
export const metrics = new Registry();

/** Adds the process's own figures (CPU, memory, event loop). Called once, by an app's main. */
export function collectProcessMetrics(labels: Record<string, string>): void {
  metrics.setDefaultLabels(labels);
  collectDefaultMetrics({ register: metrics });
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Requests of both APIs. `route` is a pattern, never a path; `status` the status code. */
export const httpMetrics = {
  total: new Counter({
    name: 'registry_http_requests_total',
    help: 'Requests answered.',
    labelNames: ['method', 'route', 'status'] as const,
    registers: [metrics],
  }),
  duration: new Histogram({
    name: 'registry_http_request_duration_seconds',
    help: 'Time from request to the end of the answer.',
    labelNames: ['method', 'route'] as const,
    buckets: seconds,
    registers: [metrics],
  }),
};

export const jobMetrics = {
  total: new Counter({
    name: 'registry_jobs_total',
    help: 'Tries of background jobs that ended.',
    labelNames: ['job', 'outcome'] as const,
    registers: [metrics],
  }),
  duration: new Histogram({
    name: 'registry_job_duration_seconds',
    help: 'Time one successful try of a background job took.',
    labelNames: ['job'] as const,
    buckets: seconds,
    registers: [metrics],
  }),
  outboxWaiting: new Gauge({
    name: 'registry_outbox_waiting',
    help: 'Jobs in the outbox that are due and not handed to the queue yet.',
    registers: [metrics],
  }),
};

/** Bytes of blobs and manifests in the index and the buckets. */
export const storageMetrics = {
  used: new Gauge({
    name: 'registry_storage_bytes',
    help: 'Bytes all registries hold, each content counted once per registry.',
    registers: [metrics],
  }),
  room: new Gauge({
    name: 'registry_bucket_room_bytes',
    help: "Bytes that uploads may still bring into the bucket of this process's region.",
    registers: [metrics],
  }),
  full: new Counter({
    name: 'registry_bucket_full_total',
    help: 'Requests that failed because the bucket of their region is full.',
    registers: [metrics],
  }),
  received: new Counter({
    name: 'registry_blob_bytes_received_total',
    help: 'Bytes of blobs that clients sent.',
    registers: [metrics],
  }),
  sent: new Counter({
    name: 'registry_blob_bytes_sent_total',
    help: 'Bytes of blobs that clients were sent.',
    registers: [metrics],
  }),
};

/** What the collector freed, in this process's region. */
export const collectedBlobs = new Counter({
  name: 'registry_collected_blobs_total',
  help: 'Blobs freed because nothing needed them any longer.',
  registers: [metrics],
});
