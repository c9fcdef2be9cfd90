// By what the chances on the cards are worked out, and what `regulars calibrate --dry-run` would say of it.

import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { DescribeAccuracyResponse, Refit, RefitResult, SiteCalibration } from "../../dist/gen/regulars/v1/supervisor_pb.ts";
import { date, percent } from "../format.ts";
import { t } from "../texts.ts";

const words = t.accuracy;

export function CalibrationInForce({ answer }: { answer: DescribeAccuracyResponse }) {
  const { calibrationInForce: held, refit } = answer;
  return (
    <section class="in-force">
      <h2>{words.inForce}</h2>
      <p>
        {held?.own ? (
          <>
            {words.own(held.since ? date(timestampDate(held.since)) : "")} <span class="aside figure">({line(held.own)})</span>
          </>
        ) : (
          words.model
        )}
        {held?.changesAtNextStart && ` ${words.atNextStart}`}
      </p>
      {refit && (refit.result ? <Result of={refit.result} /> : <Missing of={refit} />)}
    </section>
  );
}

function Missing({ of }: { of: Refit }) {
  const missing = [
    of.missingTargets > 0 && words.missingTargets(of.missingTargets),
    of.missingNontargets > 0 && words.missingNontargets(of.missingNontargets),
    of.missingPeople > 0 && words.missingPeople(of.missingPeople),
  ];
  return (
    <p>
      {words.refitFew} {missing.filter(Boolean).join(", ")}.
    </p>
  );
}

function Result({ of }: { of: RefitResult }) {
  const [now, then] = [of.cllrNow.toFixed(3), of.cllrThen.toFixed(3)];
  if (!of.better || !of.now || !of.then) return <p>{words.refitSame(now, then)}</p>;
  return (
    <p>
      {words.refitBetter(now, then)} {words.refitWould(percent(SURE), percent(chanceAfter(of.now, of.then)))}{" "}
      <span class="aside">{words.refitHow}</span>
    </p>
  );
}

const SURE = 0.95;

/** What becomes of a chance of [`SURE`] that the voice alone gives, at even odds before it. */
function chanceAfter(now: SiteCalibration, then: SiteCalibration): number {
  const ratio = (Math.log(SURE / (1 - SURE)) - now.offset) / now.scale;
  return 1 / (1 + Math.exp(-(then.offset + then.scale * ratio)));
}

function line({ scale, offset }: SiteCalibration): string {
  return words.line(scale.toFixed(2), `${offset < 0 ? "−" : "+"} ${Math.abs(offset).toFixed(2)}`);
}
