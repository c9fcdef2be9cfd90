// Misses against false alarms at every threshold, both on the scale of normal deviates (Martin et al., 1997).

import type { Det } from "../../dist/gen/regulars/v1/supervisor_pb.ts";
import { rate } from "../format.ts";
import { t } from "../texts.ts";
import { Axes, PLOT } from "./Axes.tsx";
import { Range } from "./Range.tsx";

const words = t.accuracy;
/** The ends are those of the axes. */
const MARKS = [0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8];
const LOW = normalDeviate(0.001);
const HIGH = normalDeviate(0.8);

export function DetFigure({ det }: { det: Det | undefined }) {
  return (
    <figure class="plot">
      <h2>{words.det}</h2>
      <p class="aside">{words.detTerm}</p>
      {det?.eer ? (
        <>
          <Curve det={det} />
          <figcaption>{words.detLong(det.targets, det.callers, det.nontargets)}</figcaption>
          <OperatingPoints det={det} />
        </>
      ) : (
        <p class="plot-few">{det && words.detFew(det.targets, det.nontargets, det.least)}</p>
      )}
    </figure>
  );
}

function Curve({ det }: { det: Det }) {
  const line = det.curve.map(({ falseAlarm, miss }) => `${x(falseAlarm).toFixed(1)},${y(miss).toFixed(1)}`).join(" ");
  const equal = det.eer?.value ?? 0;
  return (
    <svg class="plot-svg" viewBox={PLOT.viewBox} role="img" aria-label={`${words.det}. ${words.equal}: ${rate(equal)}.`}>
      <clipPath id="det-frame">
        <rect x={PLOT.left} y={PLOT.top} width={PLOT.width} height={PLOT.height} />
      </clipPath>
      <Axes x={words.detX} y={words.detY} marks={MARKS.map((at) => ({ at, x: x(at), y: y(at) }))} />
      <g clip-path="url(#det-frame)">
        <line class="plot-ideal" x1={x(0.001)} y1={y(0.001)} x2={x(0.8)} y2={y(0.8)} />
        <polyline class="plot-curve" points={line} />
        {det.misses.map(({ falseAlarm, misses }) => (
          <line
            class="plot-range"
            key={falseAlarm}
            x1={x(falseAlarm)}
            x2={x(falseAlarm)}
            y1={y(misses?.low ?? 0)}
            y2={y(misses?.high ?? 1)}
          />
        ))}
        <circle class="plot-point" cx={x(equal)} cy={y(equal)} r="5.5" />
      </g>
    </svg>
  );
}

function OperatingPoints({ det }: { det: Det }) {
  return (
    <table class="plot-table figure">
      <thead>
        <tr>
          <th scope="col">{words.ifPass}</th>
          <th scope="col">{words.isMissed}</th>
          <th scope="col">{words.confidence}</th>
        </tr>
      </thead>
      <tbody>
        {det.misses.map(({ falseAlarm, misses }) => (
          <tr key={falseAlarm}>
            <th scope="row">{`${Math.round(100 * falseAlarm)} %`}</th>
            <td>{rate(misses?.value ?? 0)}</td>
            <td>{misses && <Range of={misses} />}</td>
          </tr>
        ))}
        <tr>
          <th scope="row">{words.equal}</th>
          <td>{rate(det.eer?.value ?? 0)}</td>
          <td>{det.eer && <Range of={det.eer} />}</td>
        </tr>
      </tbody>
    </table>
  );
}

function x(falseAlarm: number): number {
  return PLOT.left + along(falseAlarm) * PLOT.width;
}

function y(miss: number): number {
  return PLOT.top + (1 - along(miss)) * PLOT.height;
}

/** 0 to 1 on an axis; beyond it for what the frame cuts off. */
function along(share: number): number {
  return (normalDeviate(share) - LOW) / (HIGH - LOW);
}

/** The standard normal quantile, to 5e-4 (Abramowitz and Stegun 26.2.23), far less than a line's width. */
function normalDeviate(share: number): number {
  const p = Math.min(Math.max(share, 1e-6), 1 - 1e-6);
  const s = Math.sqrt(-2 * Math.log(Math.min(p, 1 - p)));
  const tail =
    s - (2.515517 + s * (0.802853 + s * 0.010328)) / (1 + s * (1.432788 + s * (0.189269 + s * 0.001308)));
  return p < 0.5 ? -tail : tail;
}
