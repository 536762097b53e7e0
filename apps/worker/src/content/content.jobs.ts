import { z } from 'zod';
import { defineJob } from '#lib/platform';

const round = { queue: 'content', payload: z.object({}), key: () => ['all'], attempts: 1, backoffSeconds: 1 };

/** Frees the bytes of this region that nothing needs any longer. */
export const collectContent = defineJob({ ...round, name: 'collect-content' });

/** Ends the uploads of this region that nobody continues. */
export const sweepUploads = defineJob({ ...round, name: 'sweep-uploads' });
