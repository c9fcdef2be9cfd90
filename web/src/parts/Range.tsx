// Where a rate may lie.

import { points, rate } from "../format.ts";
import { t } from "../texts.ts";

export function Range({ of }: { of: { low?: number | undefined; high?: number | undefined } }) {
  return <>{of.low !== undefined && of.high !== undefined && t.accuracy.range(points(of.low), rate(of.high))}</>;
}
