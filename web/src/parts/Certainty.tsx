// How sure we are: in words first, then a bar whose hatching tells likely from sure, colour last.
//
// One row of fixed height in every state, so that what stands below never moves.

import { EnrolmentState, type Card } from "../../dist/gen/regulars/v1/desk_pb.ts";
import { isKnown, likeliest, type Face } from "../face.ts";
import { chanceWord, percent, secondsOf } from "../format.ts";
import { t } from "../texts.ts";

/** After about this much speech the card has settled (the service decides; this only scales the meter). */
const SETTLES_AT_MS = 5_000;

export function Certainty({ card, face }: { card: Card; face: Face }) {
  const enrolment = card.enrolment;
  if (enrolment) return <Learning card={card} />;
  const chance = chanceOf(card, face);
  if (chance !== undefined) {
    return (
      <div class="certainty">
        <Bar share={chance} pattern={isKnown(face) ? "full" : "hatched"} />
        <p>
          <b>{chanceWord(chance)}</b> <span class="figure">{percent(chance)}</span>
          <span class="aside">{card.settled ? t.settled : t.stillListening}</span>
        </p>
      </div>
    );
  }
  if (face === "confirmed") {
    return (
      <div class="certainty certainty-quiet">
        <Bar share={1} pattern="full" />
        <p>
          <b>{t.byYou}</b>
        </p>
      </div>
    );
  }
  if (face === "listening" || face === "byNumber") return <Meter card={card} />;
  return (
    <div class="certainty certainty-quiet">
      <Bar share={0} pattern="ring" />
      <p>
        <span class="aside">{face === "notKnown" && card.netSpeechMs > 0 ? t.heard(secondsOf(card.netSpeechMs)) : "\u00a0"}</span>
      </p>
    </div>
  );
}

function chanceOf(card: Card, face: Face): number | undefined {
  if (face === "recognised" || face === "probably") return likeliest(card)?.chance;
  if (face !== "ambiguous") return undefined;
  const [first, second] = card.candidates;
  return (first?.chance ?? 0) + (second?.chance ?? 0);
}

function Bar({ share, pattern }: { share: number; pattern: "full" | "hatched" | "ring" }) {
  return (
    <div class={`bar bar-${pattern}`} aria-hidden="true">
      <i style={{ width: `${Math.round(share * 100)}%` }} />
    </div>
  );
}

/** The voice meter: ten marks, one for each half second of speech. */
function Meter({ card }: { card: Card }) {
  const marks = 10;
  const heard = Math.floor((card.netSpeechMs / SETTLES_AT_MS) * marks);
  return (
    <div class="certainty">
      <div class="meter" aria-hidden="true">
        {Array.from({ length: marks }, (_, index) => (
          <i key={index} class={index < heard ? "on" : ""} />
        ))}
      </div>
      <p>
        <b>{t.listening}</b> <span class="aside">{t.heard(secondsOf(card.netSpeechMs))}</span>
      </p>
    </div>
  );
}

function Learning({ card }: { card: Card }) {
  const enrolment = card.enrolment;
  if (!enrolment) return null;
  const { state, netSpeechMs, neededMs, reason } = enrolment;
  const gathering = state === EnrolmentState.GATHERING;
  const share = gathering ? netSpeechMs / Math.max(1, neededMs) : state === EnrolmentState.STORED ? 1 : 0;
  return (
    <div class="certainty certainty-learning">
      <Bar share={Math.min(1, share)} pattern={gathering ? "hatched" : "full"} />
      <p role={gathering ? undefined : "status"}>
        <b>{learningText(state)}</b>{" "}
        <span class="aside">{gathering ? t.heardOf(secondsOf(netSpeechMs), secondsOf(neededMs)) : reason}</span>
      </p>
    </div>
  );
}

function learningText(state: EnrolmentState): string {
  switch (state) {
    case EnrolmentState.STORED:
      return t.stored;
    case EnrolmentState.FAILED:
      return t.enrollFailed;
    case EnrolmentState.WITHDRAWN:
      return t.withdrawn;
    default:
      return t.gathering;
  }
}
