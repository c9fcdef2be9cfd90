// Whom the caller may be. Each keeps its place and its key for the whole call.

import { VoiceUse, type Candidate, type Card } from "../../dist/gen/regulars/v1/desk_pb.ts";
import { percent } from "../format.ts";
import { ariaKeys, type Action } from "../keys.ts";
import type { Store } from "../store.ts";
import { t } from "../texts.ts";
import { Key } from "./Key.tsx";

interface Props {
  card: Card;
  candidates: readonly Candidate[];
  store: Store;
}

export function Candidates({ card, candidates, store }: Props) {
  if (candidates.length === 0) return null;
  // Chances are for the eye once the voice has spoken: before, they only say who calls often; after the agent has ruled
  // these people out, they are no longer news.
  const spoken = card.voiceUse === VoiceUse.ALLOWED && card.netSpeechMs > 0 && !card.rejected;
  const shown = ({ chance, ...name }: Candidate): Candidate =>
    chance === undefined || !spoken ? name : { ...name, chance };
  const best = spoken
    ? Math.max(...candidates.map((candidate) => candidate.chance ?? 0), card.someoneElseChance ?? 0)
    : 0;
  return (
    <section class={`candidates ${card.rejected ? "candidates-out" : ""}`} aria-labelledby="who">
      <h3 id="who">{t.whoItMayBe}</h3>
      <ol>
        {candidates.map((candidate, index) => (
          <li key={candidate.customerId}>
            <Row candidate={shown(candidate)} isBest={best > 0 && candidate.chance === best} pick={`pick${index + 1}` as Action}>
              {() => store.pick(index)}
            </Row>
          </li>
        ))}
        {card.someoneElseChance !== undefined && spoken && (
          <li class="candidate candidate-nobody">
            <span class="candidate-name">{t.someoneElse}</span>
            <Share chance={card.someoneElseChance} />
          </li>
        )}
      </ol>
    </section>
  );
}

interface RowProps {
  candidate: Candidate;
  isBest: boolean;
  pick: Action;
  children: () => void;
}

function Row({ candidate, isBest, pick, children: onPick }: RowProps) {
  return (
    <button
      type="button"
      class={`candidate ${isBest ? "candidate-best" : ""}`}
      aria-keyshortcuts={ariaKeys(pick)}
      onClick={onPick}
    >
      <Key of={pick} />
      <span class="candidate-name">
        <span class="for-ears">{t.itIs} </span>
        {candidate.name}
      </span>
      {candidate.chance !== undefined && <Share chance={candidate.chance} />}
    </button>
  );
}

function Share({ chance }: { chance: number }) {
  return (
    <>
      <span class="bar bar-hatched bar-small" aria-hidden="true">
        <i style={{ width: `${Math.round(chance * 100)}%` }} />
      </span>
      <span class="figure">{percent(chance)}</span>
    </>
  );
}
