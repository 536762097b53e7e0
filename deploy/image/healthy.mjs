// For HEALTHCHECK: whether the process of this container is alive, asked on its ops port.
const answer = await fetch(`http://127.0.0.1:${process.env.OPS_PORT}/livez`).catch(() => undefined);
process.exitCode = answer?.ok ? 0 : 1;
