import type { FaultCode } from '#lib/domain';

/** How a fault looks on the data plane. */
export interface OciError {
  status: number;
  code: string;
}
export type OciErrors = Readonly<Record<FaultCode, OciError>>;
