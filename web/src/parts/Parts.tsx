// The same figures for each line and each bandwidth.

import type { AccuracyGroup, Rate } from "../../dist/gen/regulars/v1/supervisor_pb.ts";
import { percent, rate } from "../format.ts";
import { t } from "../texts.ts";
import { Range } from "./Range.tsx";

const words = t.accuracy;

export function groupName({ of }: AccuracyGroup): string {
  if (of.case === "line") return t.line(of.value);
  return of.case === "bandwidth" ? (words.bandwidths[of.value] ?? "") : words.all;
}

export function Parts({ groups }: { groups: AccuracyGroup[] }) {
  const columns = [words.part, words.judgedCalls, words.missed, words.taken, words.wrong, words.stated, words.cameTrue, words.cost];
  return (
    <section class="parts">
      <h2>{words.parts}</h2>
      <div class="parts-scroll" tabIndex={0} role="region" aria-label={words.parts}>
        <table class="figure">
          <thead>
            <tr>
              {columns.map((column) => (
                <th scope="col" key={column}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {groups.map((group) => (
              <Row group={group} key={groupName(group)} />
            ))}
          </tbody>
        </table>
      </div>
      <p class="aside">{words.costLong}</p>
    </section>
  );
}

function Row({ group }: { group: AccuracyGroup }) {
  const { calls, fnir, fpir, wrongName, allChances, det } = group;
  const judged = allChances?.cameTrue && allChances.cameTrue.of > 0;
  return (
    <tr>
      <th scope="row">{groupName(group)}</th>
      <td>{calls}</td>
      <Cell of={fnir} />
      <Cell of={fpir} />
      <Cell of={wrongName} />
      <td>{judged ? percent(allChances.stated) : "–"}</td>
      <Cell of={allChances?.cameTrue} />
      <td>{det?.cllr === undefined ? "–" : det.cllr.toFixed(2)}</td>
    </tr>
  );
}

function Cell({ of }: { of: Rate | undefined }) {
  if (of?.value === undefined) return <td>–</td>;
  return (
    <td>
      {rate(of.value)}
      <span class="parts-range">
        <Range of={of} />
        <br />
        {words.so(of.count, of.of)}
      </span>
    </td>
  );
}
