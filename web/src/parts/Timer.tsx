import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { useEffect, useState } from "preact/hooks";
import { lasting } from "../format.ts";
import { timestampDate } from "@bufbuild/protobuf/wkt";

/** How long a call lasts, or lasted. */
export function Timer({ since, until }: { since: Timestamp | undefined; until: Timestamp | undefined }) {
  const [now, setNow] = useState(() => new Date());
  useEffect(() => {
    if (until) return;
    const tick = setInterval(() => setNow(new Date()), 1_000);
    return () => clearInterval(tick);
  }, [until]);
  return (
    <time class="timer" role="timer" aria-live="off">
      {lasting(since, until ? timestampDate(until) : now)}
    </time>
  );
}
