// What the card stated against what came true, as a reliability diagram and as a table.

import type { AccuracyGroup, ChanceBin } from "../../dist/gen/regulars/v1/supervisor_pb.ts";
import { percent, rate } from "../format.ts";
import { t } from "../texts.ts";
import { Axes, PLOT } from "./Axes.tsx";
import { Range } from "./Range.tsx";

const words = t.accuracy;
const MARKS = [0, 0.2, 0.4, 0.6, 0.8, 1];

export function ChancesFigure({ group }: { group: AccuracyGroup }) {
  const bins = group.chances.filter((bin) => bin.cameTrue && bin.cameTrue.of > 0);
  return (
    <figure class="plot">
      <h2>{words.chances}</h2>
      <p class="aside">{words.chancesTerm}</p>
      {bins.length === 0 ? <p>{words.chancesNone}</p> : <Diagram bins={bins} />}
      <figcaption>{words.chancesLong}</figcaption>
      {bins.length > 0 && <Table bins={bins} />}
    </figure>
  );
}

function Diagram({ bins }: { bins: ChanceBin[] }) {
  const x = (share: number) => PLOT.left + share * PLOT.width;
  const y = (share: number) => PLOT.top + (1 - share) * PLOT.height;
  const says = bins.map((bin) => words.point(percent(bin.stated), rate(bin.cameTrue?.value ?? 0))).join("; ");
  return (
    <svg class="plot-svg" viewBox={PLOT.viewBox} role="img" aria-label={`${words.chances} ${says}.`}>
      <Axes x={words.stated} y={words.cameTrue} marks={MARKS.map((at) => ({ at, x: x(at), y: y(at) }))} />
      <line class="plot-ideal" x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} />
      {bins.map(({ stated, cameTrue, to }) =>
        cameTrue?.value === undefined ? null : (
          <g key={to}>
            <line class="plot-range" x1={x(stated)} x2={x(stated)} y1={y(cameTrue.low ?? 0)} y2={y(cameTrue.high ?? 1)} />
            <circle class="plot-point" cx={x(stated)} cy={y(cameTrue.value)} r="5.5" />
          </g>
        ),
      )}
    </svg>
  );
}

function Table({ bins }: { bins: ChanceBin[] }) {
  return (
    <table class="plot-table figure">
      <thead>
        <tr>
          <th scope="col">{words.stated}</th>
          <th scope="col">{words.cameTrue}</th>
          <th scope="col">{words.confidence}</th>
          <th scope="col">{words.judgedCalls}</th>
        </tr>
      </thead>
      <tbody>
        {bins.map(({ from, to, cameTrue }) => (
          <tr key={to}>
            <th scope="row">{words.range(whole(from), `${whole(to)}\u00a0%`)}</th>
            <td>{rate(cameTrue?.value ?? 0)}</td>
            <td>{cameTrue && <Range of={cameTrue} />}</td>
            <td>{cameTrue?.of}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function whole(share: number): string {
  return String(Math.round(100 * share));
}
